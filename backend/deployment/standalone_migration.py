"""Migrations on their own, as the playbook's `migrate_database.sh` runs them: backup, apply, verify."""

import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.database.address import DatabaseMissingError, DatabaseUnreachableError
from backend.database.lock import DeploymentLock, LockHeldError
from backend.database.migrations.files import load_set
from backend.deployment.journal import now
from backend.deployment.launcher import operator_name
from backend.deployment.steps.migrate import medallion_runner, operations_runner
from backend.targets.port import Output, Target


def apply_all(target: Target, output: Output) -> Sequence[str]:
    """Back up, then apply what is pending; the names applied. A failure takes back what this call applied."""
    run = f"migrate-{now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with _alone(target, run, "migrate", output):
        backup = target.backups().create("pre_migration", run, lambda line: output("backup", line))
        output("backup", f"verified: {backup.path}")
        applied = []
        try:
            for runner in (operations_runner(target), medallion_runner(target)):
                done = runner.apply(
                    run=run, applied_by=operator_name(), progress=lambda line: output("migrate", line)
                )
                applied += [migration.name for migration in done]
        except OperatorError:
            medallion_runner(target).revert_batches_of_run(run, lambda line: output("rollback", line))
            raise
        return applied


def pending_names(target: Target) -> Sequence[str]:
    """What `apply_all` would apply to the music database; everything while there is none. Looks only."""
    try:
        return [migration.name for migration in medallion_runner(target).pending()]
    except (DatabaseMissingError, DatabaseUnreachableError):
        return [migration.name for migration in load_set(target.migrations("medallion"))]


def take_back_last_batch(target: Target, output: Output) -> Sequence[str]:
    """Back up, then take the last batch of the medallion migrations back; the names taken back."""
    run = f"migrate-{now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with _alone(target, run, "take migrations back", output):
        backup = target.backups().create("pre_rollback", run, lambda line: output("backup", line))
        output("backup", f"verified: {backup.path}")
        reverted = medallion_runner(target).revert_batch(lambda line: output("migrate", line))
        return [migration.name for migration in reverted]


@contextmanager
def _alone(target: Target, run: str, reason: str, output: Output) -> Iterator[None]:
    target.prepare(output)
    try:
        handle = DeploymentLock(target.operations_database()).acquire(
            operator=operator_name(), host=socket.gethostname(), run=run, reason=reason
        )
    except LockHeldError as error:
        raise OperatorError(error.message, error.remedy, exit_code=ExitCode.LOCKED) from None
    try:
        yield
    finally:
        handle.release()

"""`rollback`: take the last deployment back."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from app.commands.deploy import confirm
from app.commands.options import Common, Flag
from app.follow import Follower
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode, RollbackOptions, RollbackScope


def rollback(
    *,
    db_only: Annotated[bool, Parameter(negative="", help="Roll back the database only.")] = False,
    services_only: Annotated[bool, Parameter(negative="", help="Roll back the services only.")] = False,
    to_backup: Annotated[Path | None, Parameter(help="Restore this backup.")] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Print the plan; change nothing.")] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    reason: Annotated[str, Parameter(help="Why.")] = "",
    interrupted: Annotated[str | None, Parameter(help="Take this interrupted run back.")] = None,
    verbose: Annotated[bool, Flag] = False,
    common: Common | None = None,
) -> int:
    """Roll back services, database, or everything."""
    common = common or Common()
    terminal, composition = common.terminal(), common.composition()
    runs = composition.runs()
    environment = composition.environments.get(common.environment)
    if interrupted is not None:
        run_id = runs.roll_back_interrupted(interrupted)
        return Follower(composition.reader, terminal, verbose=verbose).follow(run_id)
    options = RollbackOptions(
        scope=_scope(db_only, services_only, to_backup),
        backup=str(to_backup) if to_backup else None,
        reason=reason,
    )
    plan = runs.plan_rollback(environment.name, options)
    if dry_run or not yes:
        terminal.plan(plan)
    if dry_run:
        terminal.say("Dry run: nothing was changed.", "bold")
        return ExitCode.DONE
    if not yes:
        confirm(terminal, environment, "Roll back?")
    run_id = runs.start_rollback(environment.name, options)
    terminal.say(f"Rollback {run_id} on {environment.name}", "bold")
    return Follower(composition.reader, terminal, verbose=verbose).follow(run_id)


def _scope(db_only: bool, services_only: bool, to_backup: Path | None) -> RollbackScope:
    if db_only and services_only:
        raise OperatorError(
            "--db-only and --services-only exclude each other.",
            "Give neither to roll back both.",
            exit_code=ExitCode.USAGE,
        )
    if services_only and to_backup is not None:
        raise OperatorError(
            "--to-backup restores the database, which --services-only leaves alone.",
            "Drop one of the two.",
            exit_code=ExitCode.USAGE,
        )
    if db_only:
        return RollbackScope.DATABASE
    return RollbackScope.SERVICES if services_only else RollbackScope.FULL

"""Apply and revert a set of migrations; what is recorded is what is real, whenever the runner dies."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.database.address import DatabaseAddress, DatabaseUnreachableError
from backend.database.advisory_lock import poll_advisory_lock
from backend.database.databases import ensure_database
from backend.database.migrations import history, scripts
from backend.database.migrations.attempts import LockBudgetSpentError, Patience, Progress, Work, attempt
from backend.database.migrations.failures import (
    MigrationFailedError,
    MigrationRefusedError,
    check_agreement,
    explain,
)
from backend.database.migrations.files import Migration, load_set

_RUNNER_KEY = 0x534E5F4D4947_01
_RUNNER_NAME = "songnodes-migration-runner"


@dataclass(frozen=True)
class MigrationStatus:
    """One migration of the set and its newest row, None when it was never tried."""

    migration: Migration
    record: history.Record | None

    @property
    def name(self) -> str:
        """Such as `001_bronze_layer`."""
        return self.migration.name

    @property
    def applied(self) -> bool:
        """Whether its effect is recorded as being in the schema."""
        return self.record is not None and self.record.in_force

    @property
    def batch(self) -> int:
        """The batch it was applied in; 0 when it was not."""
        return self.record.batch if self.record else 0

    @property
    def run(self) -> str:
        """The run that applied it, or tried to; empty when none did."""
        return (self.record.run or "") if self.record else ""


class MigrationRunner:
    """Runs the set in `folder` against one database.

    One transaction a file holds its statements, its verification and its record. Two runners at once
    wait for each other. `lock_wait_seconds` is how long one waits for another runner to end.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        folder: Path,
        *,
        patience: Patience | None = None,
        lock_wait_seconds: float = 300.0,
    ) -> None:
        self._address = address
        self._folder = folder
        self._patience = patience or Patience()
        self._lock_wait_seconds = lock_wait_seconds

    def status(self) -> Sequence[MigrationStatus]:
        """Every migration of the set with its newest row. Changes nothing.

        Raises DatabaseMissingError or DatabaseUnreachableError.
        """
        records = self._records()
        return [
            MigrationStatus(one, next((row for row in reversed(records) if row.is_of(one)), None))
            for one in load_set(self._folder)
        ]

    def current_revision(self) -> str:
        """Name of the last migration in force, such as `005_pipeline_replay_support`; empty when none is."""
        applied = [status.name for status in self.status() if status.applied]
        return applied[-1] if applied else ""

    def pending(self) -> Sequence[Migration]:
        """What `apply` would apply, in order. Changes nothing.

        Raises MigrationRefusedError when `apply` would refuse.
        """
        return [status.migration for status in self._agreed() if not status.applied]

    def apply(self, *, run: str, applied_by: str, progress: Progress) -> Sequence[Migration]:
        """Apply what is pending, as one batch; the migrations applied now, in order.

        Creates the database when it is missing. Raises MigrationRefusedError before anything is changed,
        MigrationFailedError or LockBudgetSpentError with the migrations before the failed one kept.
        """
        load_set(self._folder)
        ensure_database(self._address)
        with self._alone(progress) as connection:
            self._agreed()
            self._attempt("schema_migrations", history.ensure_table, progress)
            self._adopt_foreign(progress)
            pending, batch = self.pending(), history.next_batch(connection)
            for migration in pending:
                self._apply_one(migration, history.Origin(batch, run, applied_by), progress)
            return pending

    def revert_batch(self, progress: Progress) -> Sequence[Migration]:
        """Take back the last batch, newest first; the migrations reverted."""
        with self._alone(progress):
            applied = self._applied()
            last = max((status.batch for status in applied), default=0)
            return self._revert([status for status in applied if status.batch == last], progress)

    def revert_batches_of_run(self, run: str, progress: Progress) -> Sequence[Migration]:
        """Take back what one run applied; nothing when it applied nothing.

        Raises MigrationRefusedError when a later run applied something on top.
        """
        with self._alone(progress):
            applied = self._applied()
            first = next((index for index, status in enumerate(applied) if status.run == run), len(applied))
            for status in applied[first:]:
                if status.run != run:
                    raise MigrationRefusedError(
                        f"{status.name} was applied after the run {run}, on top of what that run applied.",
                        f"Roll the later run {status.run} back first.",
                    )
            return self._revert(applied[first:], progress)

    def revert_to(self, version: str, progress: Progress) -> Sequence[Migration]:
        """Take back everything after `version` (three digits; `000` takes everything back)."""
        with self._alone(progress):
            later = [status for status in self._applied() if status.migration.version > version]
            return self._revert(later, progress)

    def _records(self) -> Sequence[history.Record]:
        with self._address.connect(autocommit=True) as connection:
            return history.read_records(connection)

    def _agreed(self) -> Sequence[MigrationStatus]:
        """The status, once database and files are known to agree."""
        statuses = self.status()
        check_agreement([status.migration for status in statuses], self._records())
        return statuses

    def _applied(self) -> Sequence[MigrationStatus]:
        return [status for status in self._agreed() if status.applied]

    def _apply_one(self, migration: Migration, origin: history.Origin, progress: Progress) -> None:
        started = time.monotonic()

        def work(connection: psycopg.Connection) -> None:
            began = time.monotonic()
            scripts.apply_files(connection, migration)
            history.insert_record(connection, migration, origin, time.monotonic() - began)

        progress(f"Applying {migration.name}")
        try:
            self._attempt_with_known_end(migration, work, progress, in_force=True)
        except (MigrationFailedError, LockBudgetSpentError) as error:
            self._record_failure(migration, origin, time.monotonic() - started, error, progress)
            raise
        progress(f"{migration.name} applied and verified in {time.monotonic() - started:.2f} s")

    def _record_failure(
        self,
        migration: Migration,
        origin: history.Origin,
        seconds: float,
        error: OperatorError,
        progress: Progress,
    ) -> None:
        try:
            with self._address.connect() as connection:
                history.insert_record(connection, migration, origin, seconds, error=error.message)
        except (DatabaseUnreachableError, psycopg.Error):
            progress(f"The failure of {migration.name} could not be recorded: the database does not answer")

    def _revert(self, applied: Sequence[MigrationStatus], progress: Progress) -> Sequence[Migration]:
        migrations = [status.migration for status in reversed(applied)]
        for migration in migrations:
            progress(f"Reverting {migration.name}")
            work = partial(_revert_one, migration=migration)
            self._attempt_with_known_end(migration, work, progress, in_force=False)
            progress(f"{migration.name} reverted")
        return migrations

    def _adopt_foreign(self, progress: Progress) -> None:
        for status in self.status():
            if status.record is not None and status.applied and status.record.is_foreign:
                work = partial(scripts.adopt, migration=status.migration)
                self._attempt(status.name, work, progress)

    def _attempt(self, name: str, work: Work, progress: Progress) -> None:
        attempt(self._address, name, work, self._patience, progress)

    def _attempt_with_known_end(
        self, migration: Migration, work: Work, progress: Progress, *, in_force: bool
    ) -> None:
        """Like `attempt`; when the connection is lost, perhaps during COMMIT, the database is asked."""
        try:
            self._attempt(migration.name, work, progress)
        except psycopg.OperationalError as error:
            if self._is_in_force(migration) is not in_force:
                raise MigrationFailedError(
                    f"The connection to the database was lost during {migration.name}: {explain(error)}",
                    "It is applied wholly or not at all; the server tells which when it answers. Check the "
                    "server, then start again.",
                ) from error

    def _is_in_force(self, migration: Migration) -> bool | None:
        """What the database says; None when it does not answer."""
        try:
            return any(row.is_of(migration) and row.in_force for row in self._records())
        except (DatabaseUnreachableError, psycopg.Error):
            return None

    @contextmanager
    def _alone(self, progress: Progress) -> Iterator[psycopg.Connection]:
        """Be the only runner on this database."""
        waiting = partial(progress, "Another migration runner is at work; waiting until it ends")
        with self._address.connect(autocommit=True, application_name=_RUNNER_NAME) as connection:
            if not poll_advisory_lock(connection, _RUNNER_KEY, self._lock_wait_seconds, waiting):
                raise OperatorError(
                    f"Another migration runner works on {self._address} and did not end within "
                    f"{self._lock_wait_seconds:.0f} s.",
                    "Wait until it has ended, then start again. Nothing was changed.",
                    exit_code=ExitCode.LOCKED,
                )
            yield connection


def _revert_one(connection: psycopg.Connection, migration: Migration) -> None:
    scripts.revert_files(connection, migration)
    history.mark_reverted(connection, migration)

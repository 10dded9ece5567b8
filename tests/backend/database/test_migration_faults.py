"""Blocked, killed and cut off: what is recorded stays what is real."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.database.migrations.attempts import LockBudgetSpentError, Patience
from backend.database.migrations.failures import MigrationFailedError
from backend.database.migrations.runner import MigrationRunner
from tests.backend.database.test_migration_runner import apply, ignore, rows, tables
from tests.fixtures import postgres, worker_process
from tests.fixtures.conditions import wait_for
from tests.fixtures.migration_sets import write_migration, write_table

_AT_WORK = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'songnodes-migration' AND query LIKE '%pg_sleep%' AND state = 'active'"
)


@contextmanager
def blocking(address: DatabaseAddress, seconds: float) -> Iterator[None]:
    """Another program keeps reading `artists` in one long transaction."""
    with address.connect(application_name="nightly-report") as connection:
        connection.execute("LOCK TABLE artists IN ACCESS SHARE MODE")
        release = threading.Timer(seconds, connection.commit)
        release.start()
        try:
            yield
        finally:
            release.cancel()
            release.join()


@pytest.fixture
def artists(empty_database: DatabaseAddress, tmp_path: Path) -> Path:
    """A set whose second migration alters a table that others use."""
    write_table(tmp_path, 1, "artists")
    apply(empty_database, tmp_path)
    write_migration(
        tmp_path,
        "002_names",
        up="ALTER TABLE artists ADD COLUMN name text;",
        down="ALTER TABLE artists DROP COLUMN name;",
        verify="SELECT name FROM artists LIMIT 0;",
    )
    return tmp_path


class Canary:
    """An application that reads the table all the time and notes its longest wait."""

    def __init__(self, address: DatabaseAddress) -> None:
        self.longest = 0.0
        self._address = address
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sing)

    def __enter__(self) -> "Canary":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _sing(self) -> None:
        with self._address.connect(autocommit=True) as connection:
            while not self._stopped.wait(0.05):
                started = time.monotonic()
                connection.execute("SELECT count(*) FROM artists")
                self.longest = max(self.longest, time.monotonic() - started)


def test_a_blocker_of_two_seconds_is_outlasted_while_others_go_on(
    empty_database: DatabaseAddress, artists: Path
) -> None:
    said: list[str] = []
    runner = MigrationRunner(empty_database, artists)
    with Canary(empty_database) as canary, blocking(empty_database, 2.0):
        runner.apply(run="run-2", applied_by="ada", progress=said.append)
    assert runner.current_revision() == "002_names"
    waits = [text for text in said if "002_names waits for a lock held by process" in text]
    assert waits
    assert "nightly-report" in waits[0]
    assert canary.longest < 1.0


def test_a_spent_budget_names_the_blocker_and_changes_nothing(
    empty_database: DatabaseAddress, artists: Path
) -> None:
    patience = Patience(lock_timeout_ms=200, budget_seconds=0.8)
    runner = MigrationRunner(empty_database, artists, patience=patience)
    with (
        blocking(empty_database, 30),
        pytest.raises(LockBudgetSpentError, match=r"within 1 s: process \d+ \(nightly-report") as caught,
    ):
        runner.apply(run="run-2", applied_by="ada", progress=ignore)
    assert "Nothing was changed" in caught.value.message
    assert runner.current_revision() == "001_artists"
    failed = rows(empty_database, "SELECT migration_name, run FROM schema_migrations WHERE NOT success")
    assert failed == [("002_names_up.sql", "run-2")]


@pytest.fixture
def sleeping(tmp_path: Path) -> Path:
    """A set whose second migration is long at work after its first changes."""
    write_table(tmp_path, 1, "artists")
    write_table(tmp_path, 2, "labels", after="INSERT INTO labels VALUES (1); SELECT pg_sleep(20);")
    return tmp_path


def test_a_killed_runner_leaves_nothing_half_done(empty_database: DatabaseAddress, sleeping: Path) -> None:
    with worker_process.started("migrate", empty_database, sleeping, "killed") as child:
        wait_for(lambda: rows(empty_database, _AT_WORK), "the migration to be at work")
        child.kill()
    assert MigrationRunner(empty_database, sleeping).current_revision() == "001_artists"
    assert "labels" not in tables(empty_database)
    write_table(sleeping, 2, "labels", after="INSERT INTO labels VALUES (1);")
    assert apply(empty_database, sleeping, "again") == ["002_labels"]
    assert rows(empty_database, "SELECT count(*) FROM labels") == [(1,)]
    recorded = rows(empty_database, "SELECT migration_name, run FROM schema_migrations ORDER BY id")
    assert recorded == [("001_artists_up.sql", "killed"), ("002_labels_up.sql", "again")]


@pytest.mark.parametrize(
    "moment",
    ["Applying 001_table_01", "001_table_01 applied", "Applying 007_table_07", "020_table_20 applied"],
)
def test_killed_at_any_moment_recorded_is_real(
    empty_database: DatabaseAddress, tmp_path: Path, moment: str
) -> None:
    for number in range(1, 31):
        write_table(tmp_path, number, f"table_{number:02d}", after="SELECT pg_sleep(0.02);")
    with worker_process.started("migrate", empty_database, tmp_path, "killed") as child:
        worker_process.read_until(child, moment)
        child.kill()
    wait_for(lambda: not rows(empty_database, _AT_WORK), "the killed runner's session to end")
    recorded = {f"table_{version[1:]}" for (version,) in rows(empty_database, _IN_FORCE)}
    assert tables(empty_database) - {"schema_migrations"} == recorded
    assert len(recorded) + len(apply(empty_database, tmp_path, "again")) == 30


_IN_FORCE = "SELECT version FROM schema_migrations WHERE success"


def test_a_terminated_session_is_recorded_as_failed(empty_database: DatabaseAddress, sleeping: Path) -> None:
    caught: list[Exception] = []

    def run() -> None:
        with pytest.raises(MigrationFailedError) as error:
            apply(empty_database, sleeping)
        caught.append(error.value)

    thread = threading.Thread(target=run)
    thread.start()
    ((pid,),) = wait_for(lambda: rows(empty_database, _AT_WORK), "the migration to be at work")
    rows(empty_database, f"SELECT pg_terminate_backend({pid})")
    thread.join()
    assert "connection to the database was lost during 002_labels" in str(caught[0])
    assert rows(empty_database, "SELECT version, success FROM schema_migrations ORDER BY id") == [
        ("001", True),
        ("002", False),
    ]
    assert "labels" not in tables(empty_database)


def test_a_server_killed_in_the_middle_comes_back_with_what_is_recorded(tmp_path: Path) -> None:
    """With fsync, for this is about what is on the disk."""
    server = postgres.new_server(tmp_path, fsync="on", full_page_writes="on", synchronous_commit="on")
    folder = tmp_path / "set"
    write_table(folder, 1, "artists")
    write_table(folder, 2, "labels", after="INSERT INTO labels VALUES (1); SELECT pg_sleep(20);")
    address = server.address("musicdb")
    said: list[str] = []
    errors: list[MigrationFailedError] = []

    def run() -> None:
        with pytest.raises(MigrationFailedError) as caught:
            MigrationRunner(address, folder).apply(run="r", applied_by="ada", progress=said.append)
        errors.append(caught.value)

    thread = threading.Thread(target=run)
    with postgres.running(server, tmp_path / "log") as child:
        thread.start()
        wait_for(lambda: "Applying 002_labels" in said and rows(address, _AT_WORK), "the second migration")
        child.kill()
        child.wait()
    thread.join()
    assert "lost during 002_labels" in errors[0].message
    assert "could not be recorded" in said[-1]
    with postgres.running(server, tmp_path / "log"):
        assert MigrationRunner(address, folder).current_revision() == "001_artists"
        assert tables(address) == {"artists", "schema_migrations"}

"""The runner on a real server: what it applies, records, refuses and takes back."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from backend.contracts.runs import ExitCode
from backend.database.address import DatabaseAddress, DatabaseMissingError
from backend.database.migrations.attempts import Patience
from backend.database.migrations.failures import MigrationFailedError, MigrationRefusedError
from backend.database.migrations.runner import MigrationRunner
from tests.fixtures.migration_sets import two_tables, write_migration, write_table


def rows(address: DatabaseAddress, query: str) -> list[tuple[Any, ...]]:
    with address.connect() as connection:
        return connection.execute(query.encode()).fetchall()


def tables(address: DatabaseAddress) -> set[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return {name for (name,) in rows(address, query)}


def apply(address: DatabaseAddress, folder: Path, run: str = "run-1") -> list[str]:
    runner = MigrationRunner(address, folder, patience=Patience(budget_seconds=10))
    return [one.name for one in runner.apply(run=run, applied_by="ada", progress=ignore)]


def ignore(_text: str) -> None:
    pass


def test_a_new_database_shows_everything_pending_and_stays_untouched(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    runner = MigrationRunner(empty_database, two_tables(tmp_path))
    assert [one.name for one in runner.pending()] == ["001_albums", "002_labels"]
    assert [(one.applied, one.run, one.batch) for one in runner.status()] == [(False, "", 0)] * 2
    assert runner.current_revision() == ""
    assert tables(empty_database) == set()


def test_applied_migrations_are_recorded_as_the_playbook_reads_them(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    said: list[str] = []
    runner = MigrationRunner(empty_database, two_tables(tmp_path))
    runner.apply(run="run-1", applied_by="ada", progress=said.append)
    recorded = rows(
        empty_database,
        "SELECT migration_name, version, batch, success, applied_by, run, length(checksum), "
        "execution_time_ms >= 0, error, rolled_back_at FROM schema_migrations ORDER BY applied_at",
    )
    same = (1, True, "ada", "run-1", 64, True, None, None)
    assert recorded == [("001_albums_up.sql", "001", *same), ("002_labels_up.sql", "002", *same)]
    assert tables(empty_database) == {"albums", "labels", "schema_migrations"}
    assert runner.current_revision() == "002_labels"
    assert [text for text in said if text.startswith("Applying")] == [
        "Applying 001_albums",
        "Applying 002_labels",
    ]


def test_a_second_run_applies_only_what_is_new_as_its_own_batch(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    apply(empty_database, two_tables(tmp_path))
    assert apply(empty_database, tmp_path, "run-2") == []
    write_table(tmp_path, 3, "tracks")
    assert apply(empty_database, tmp_path, "run-3") == ["003_tracks"]
    assert [(one.batch, one.run) for one in MigrationRunner(empty_database, tmp_path).status()] == [
        (1, "run-1"),
        (1, "run-1"),
        (2, "run-3"),
    ]


def test_a_missing_database_is_created(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    address = empty_database.with_name(f"{empty_database.name}_new")
    with pytest.raises(DatabaseMissingError):
        MigrationRunner(address, two_tables(tmp_path)).pending()
    assert apply(address, tmp_path) == ["001_albums", "002_labels"]


def test_an_error_keeps_the_migrations_before_it_and_nothing_of_its_own(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    write_table(tmp_path, 1, "albums")
    write_table(tmp_path, 2, "labels", after="\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(MigrationFailedError, match=r'002_labels failed in up\.sql, line 4: .*"nowhere"'):
        apply(empty_database, tmp_path)
    assert tables(empty_database) == {"albums", "schema_migrations"}
    assert rows(
        empty_database, "SELECT migration_name, error FROM schema_migrations WHERE success = false"
    ) == [
        (
            "002_labels_up.sql",
            '002_labels failed in up.sql, line 4: relation "nowhere" does not exist',
        )
    ]


def test_after_a_correction_the_failed_migration_is_applied(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    write_table(tmp_path, 1, "albums", after="SELECT 1/0;")
    with pytest.raises(MigrationFailedError, match="division by zero"):
        apply(empty_database, tmp_path)
    status = MigrationRunner(empty_database, tmp_path).status()[0]
    assert not status.applied
    assert status.record is not None
    write_table(tmp_path, 1, "albums")
    assert apply(empty_database, tmp_path) == ["001_albums"]


def test_a_failing_verification_undoes_the_migration(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    write_migration(
        tmp_path,
        "001_albums",
        up="CREATE TABLE albums (id integer);",
        down="DROP TABLE albums;",
        verify="DO $$ BEGIN RAISE EXCEPTION 'column title is missing'; END $$;",
    )
    with pytest.raises(MigrationFailedError, match=r"failed in verify\.sql, column title is missing"):
        apply(empty_database, tmp_path)
    assert tables(empty_database) == {"schema_migrations"}


def test_an_edited_migration_is_refused_before_anything(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    apply(empty_database, two_tables(tmp_path))
    write_table(tmp_path, 1, "albums", after="SELECT 1;")
    write_table(tmp_path, 3, "tracks")
    with pytest.raises(MigrationRefusedError, match="001_albums was edited after it was applied") as caught:
        apply(empty_database, tmp_path)
    assert caught.value.exit_code == ExitCode.REFUSED
    assert "new migration after 003_tracks" in caught.value.remedy
    assert "tracks" not in tables(empty_database)
    with pytest.raises(MigrationRefusedError):
        MigrationRunner(empty_database, tmp_path).pending()


def test_a_migration_slipped_in_before_applied_ones_is_refused(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    apply(empty_database, two_tables(tmp_path))
    with empty_database.connect() as connection:
        connection.execute("UPDATE schema_migrations SET rolled_back_at = now() WHERE version = '001'")
    with pytest.raises(MigrationRefusedError, match="002_labels is applied but 001_albums"):
        apply(empty_database, tmp_path)


def test_a_migration_of_a_newer_release_is_refused(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    apply(empty_database, two_tables(tmp_path / "newer"))
    write_table(tmp_path / "older", 1, "albums")
    with pytest.raises(MigrationRefusedError, match=r"002_labels_up\.sql applied, which this release"):
        apply(empty_database, tmp_path / "older")


def test_reverting_takes_the_last_batch_newest_first(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    write_table(tmp_path, 1, "artists")
    apply(empty_database, tmp_path)
    two = [(2, "albums"), (3, "labels")]
    for number, name in two:
        write_table(tmp_path, number, name)
    apply(empty_database, tmp_path, "run-2")
    runner = MigrationRunner(empty_database, tmp_path)
    assert [one.name for one in runner.revert_batch(ignore)] == ["003_labels", "002_albums"]
    assert tables(empty_database) == {"artists", "schema_migrations"}
    kept = rows(empty_database, "SELECT count(*) FROM schema_migrations WHERE rolled_back_at IS NOT NULL")
    assert kept == [(2,)]
    assert apply(empty_database, tmp_path, "run-3") == ["002_albums", "003_labels"]


def test_reverting_a_run_takes_what_it_applied_and_nothing_else(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    apply(empty_database, two_tables(tmp_path), "run-1")
    write_table(tmp_path, 3, "tracks")
    apply(empty_database, tmp_path, "run-2")
    runner = MigrationRunner(empty_database, tmp_path)
    assert runner.revert_batches_of_run("run-9", ignore) == []
    with pytest.raises(MigrationRefusedError, match="003_tracks was applied after the run run-1"):
        runner.revert_batches_of_run("run-1", ignore)
    assert [one.name for one in runner.revert_batches_of_run("run-2", ignore)] == ["003_tracks"]
    assert runner.revert_batches_of_run("run-2", ignore) == []
    assert [one.name for one in runner.revert_to("001", ignore)] == ["002_labels"]
    assert [one.name for one in runner.revert_to("000", ignore)] == ["001_albums"]
    assert runner.current_revision() == ""


def test_an_undo_that_undoes_nothing_is_no_undo(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    write_migration(
        tmp_path,
        "001_albums",
        up="CREATE TABLE albums (id integer);",
        down="SELECT 'forgotten';",
        verify="SELECT id FROM albums LIMIT 0;",
    )
    apply(empty_database, tmp_path)
    runner = MigrationRunner(empty_database, tmp_path)
    with pytest.raises(MigrationFailedError, match=r"after down\.sql its effect is still there"):
        runner.revert_batch(ignore)
    assert runner.current_revision() == "001_albums"


def test_two_runners_at_once_apply_everything_once(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    write_table(tmp_path, 1, "albums", after="INSERT INTO albums VALUES (1); SELECT pg_sleep(0.2);")
    write_table(tmp_path, 2, "labels")
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda run: apply(empty_database, tmp_path, run), "abcd"))
    assert sorted(applied) == [[], [], [], ["001_albums", "002_labels"]]
    assert rows(empty_database, "SELECT count(*) FROM schema_migrations") == [(2,)]
    assert rows(empty_database, "SELECT count(*) FROM albums") == [(1,)]

"""A backup counts only when it was restored once and agreed."""

import stat
import subprocess
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.database.backup import BackupFailedError, Backups
from backend.database.binaries import PostgresBinaries
from backend.database.databases import database_exists
from backend.database.manifest import manifest_path, read_manifest
from backend.database.restore import restore
from tests.backend.database.test_migration_runner import rows
from tests.conftest import MIGRATIONS
from tests.fixtures import worker_process
from tests.fixtures.conditions import wait_for
from tests.fixtures.music import add_requests


def ignore(_text: str) -> None:
    pass


@pytest.fixture
def backups(musicdb: DatabaseAddress, tmp_path: Path) -> Backups:
    return Backups(tmp_path / "backups" / "database", musicdb, PostgresBinaries.embedded())


def databases_like(address: DatabaseAddress, prefix: str) -> list[str]:
    with address.with_name("postgres").connect() as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,)
        ).fetchall()
    return [name for (name,) in found]


def test_a_backup_is_proven_described_and_listed(backups: Backups) -> None:
    add_requests(backups.address, 3)
    said: list[str] = []
    made = backups.create("pre_deploy", "run-1", said.append)
    assert backups.list() == [made]
    assert made.verified
    assert made.run == "run-1"
    assert made.schema_revision == max(folder.name for folder in (MIGRATIONS / "medallion").iterdir())
    path = Path(made.path)
    assert path.name == f"pre_deploy_{made.created_at:%Y%m%d_%H%M%S}_run-1.dump"
    manifest = read_manifest(path)
    assert manifest is not None
    assert manifest.rows["public.raw_track_enrichment_requests"] == 3
    assert manifest.server_version.startswith("18.")
    assert sum(manifest.rows.values()) == made.rows
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert any("rows in" in text and "agree" in text for text in said)


def test_nothing_but_backup_and_manifest_is_left(backups: Backups) -> None:
    made = Path(backups.create("pre_deploy", "run-1", ignore).path)
    assert set(backups.folder.iterdir()) == {made, manifest_path(made)}
    assert databases_like(backups.address, f"{backups.address.name}_") == []


def test_counts_belong_to_the_dumped_snapshot_while_others_write(backups: Backups) -> None:
    """A writer that never pauses: counts taken at another moment than the dump's could not agree."""
    script = "INSERT INTO log SELECT generate_series(1, 20); \\watch 0.005"
    with backups.address.connect() as connection:
        connection.execute("CREATE TABLE log (id integer)")
    writer = subprocess.Popen(
        [PostgresBinaries.embedded().program("psql"), "--quiet", "-c", "SELECT 1", "-f", "-"],
        env={
            "PGHOST": backups.address.host,
            "PGPORT": str(backups.address.port),
            "PGUSER": backups.address.user,
            "PGPASSWORD": backups.address.password or "",
            "PGDATABASE": backups.address.name,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert writer.stdin is not None
    writer.stdin.write(script + "\n")
    writer.stdin.close()
    try:
        wait_for(lambda: rows(backups.address, "SELECT 1 FROM log LIMIT 1"), "the writer to write")
        made = backups.create("pre_deploy", "run-1", ignore)
    finally:
        writer.kill()
        writer.wait()
    manifest = read_manifest(Path(made.path))
    assert manifest is not None
    after = rows(backups.address, "SELECT count(*) FROM log")[0][0]
    assert 0 < manifest.rows["public.log"] < after


def test_an_empty_database_is_backed_up_too(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    """Before the first deployment there is nothing yet, and going back to nothing has to work."""
    backups = Backups(tmp_path / "backups", empty_database, PostgresBinaries.embedded())
    made = backups.create("pre_deploy", "run-1", ignore)
    assert (made.rows, made.schema_revision, made.verified) == (0, "", True)
    with empty_database.connect() as connection:
        connection.execute("CREATE TABLE later (id integer)")
    restore(Path(made.path), empty_database, "run-1", ignore)
    assert rows(empty_database, "SELECT to_regclass('later')") == [(None,)]


def test_newest_first_and_damaged_ones_do_not_count(backups: Backups) -> None:
    first = backups.create("pre_deploy", "run-1", ignore)
    second = backups.create("pre_deploy", "run-1", ignore)
    assert [made.path for made in backups.list()] == [second.path, first.path]
    with Path(second.path).open("ab") as stream:
        stream.write(b"more")
    manifest_path(Path(first.path)).write_text("{}")
    assert backups.list() == []


def test_a_backup_that_does_not_restore_is_an_error_and_leaves_no_file(backups: Backups) -> None:
    """A constraint that asks another table, which is still empty when this one is loaded."""
    with backups.address.connect() as connection:
        connection.execute("CREATE TABLE limits (name text PRIMARY KEY, value int)")
        connection.execute(
            "CREATE FUNCTION limit_of(text) RETURNS int LANGUAGE sql IMMUTABLE AS "
            "'SELECT coalesce((SELECT value FROM public.limits WHERE name = $1), 0)'"
        )
        connection.execute("INSERT INTO limits VALUES ('most', 10)")
        connection.execute("CREATE TABLE amounts (n int CHECK (n < limit_of('most')))")
        connection.execute("INSERT INTO amounts VALUES (5)")
    with pytest.raises(BackupFailedError, match="could not be restored, so it is worth nothing"):
        backups.create("pre_deploy", "run-1", ignore)
    assert list(backups.folder.iterdir()) == []
    assert databases_like(backups.address, f"{backups.address.name}_") == []


def test_leftovers_of_a_killed_run_are_removed_and_never_listed(backups: Backups) -> None:
    backups.folder.mkdir(parents=True)
    half = backups.folder / ".pre_deploy_20260101_000000_run-0.dump.partial"
    half.write_bytes(b"PGDMP half")
    leftover = f"{backups.address.name}_verify_run_0"
    with backups.address.with_name("postgres").connect(autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{leftover}" TEMPLATE template0'.encode())
    assert backups.list() == []
    backups.create("pre_deploy", "run-1", ignore)
    assert not half.exists()
    with backups.address.with_name("postgres").connect() as connection:
        assert not database_exists(connection, leftover)


def test_too_little_space_is_told_before_anything(backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(10**9, 10**9 - 5000, 5000))
    with pytest.raises(BackupFailedError, match="only 0 MB are free"):
        backups.create("pre_deploy", "run-1", ignore)
    assert list(backups.folder.iterdir()) == []


def test_programs_of_another_major_version_are_refused(backups: Backups, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.4'\n")
    (folder / "pg_dump").chmod(0o755)
    with pytest.raises(BackupFailedError, match="server is PostgreSQL 18, but pg_dump here is of"):
        replace(backups, binaries=PostgresBinaries(folder)).create("pre_deploy", "run-1", ignore)


def test_killed_in_the_middle_leaves_nothing_that_counts(backups: Backups) -> None:
    with backups.address.connect() as connection:
        connection.execute(
            "CREATE TABLE big AS SELECT repeat(md5(i::text), 30) AS t FROM generate_series(1, 60000) i"
        )
    with worker_process.started("backup", backups.address, backups.folder, "run-0") as child:
        wait_for(lambda: _half_dumps(backups.folder), "the dump to be under way")
        child.kill()
        child.wait()
    assert backups.list() == []
    assert not list(backups.folder.glob("*.dump"))
    assert backups.create("pre_deploy", "run-1", ignore).verified
    assert len(list(backups.folder.iterdir())) == 2


def _half_dumps(folder: Path) -> list[Path]:
    return [path for path in folder.glob(".*.partial") if path.stat().st_size > 1000]

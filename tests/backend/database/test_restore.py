"""Restoring: bad files are caught before anything is touched, good ones are swapped in beside the old."""

import gzip
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from backend.database.address import DatabaseAddress
from backend.database.backup import Backups
from backend.database.backup_files import BadBackupError, FileKind, check_file
from backend.database.binaries import PostgresBinaries
from backend.database.databases import drop_database, ensure_database
from backend.database.embedded import EmbeddedPostgres
from backend.database.manifest import manifest_path, read_manifest
from backend.database.restore import RestoreFailedError, restore, what_would_be_lost
from backend.database.sql_script import UnsafeScriptError
from backend.database.tools import PostgresTools
from tests.backend.database.test_migration_runner import ignore, rows
from tests.fixtures import worker_process
from tests.fixtures.music import add_requests
from tests.fixtures.postgres import dump_as_sql

_COUNT = "SELECT count(*) FROM raw_track_enrichment_requests"


@pytest.fixture(scope="module")
def originals(
    postgres_server: EmbeddedPostgres, musicdb_template: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A proven backup of a database with 200 requests, and the playbook's plain dump of the same."""
    folder = tmp_path_factory.mktemp("originals")
    address = postgres_server.address("music_of_originals")
    ensure_database(address, musicdb_template)
    add_requests(address, 200)
    script = folder / "manual_backup.sql"
    script.write_text(dump_as_sql(address, "--clean", "--if-exists"))
    made = Backups(folder, address, PostgresBinaries.embedded()).create("pre", "run-1", ignore)
    drop_database(address)
    return Path(made.path), script


@pytest.fixture
def dump(musicdb: DatabaseAddress, originals: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of the backup with its manifest, and a live database with the same 200 requests."""
    add_requests(musicdb, 200)
    for path in (originals[0], manifest_path(originals[0])):
        shutil.copy(path, tmp_path)
    return tmp_path / originals[0].name


@pytest.fixture
def script(dump: Path, originals: tuple[Path, Path]) -> Path:
    """A copy of the plain dump, made with --clean --if-exists."""
    return Path(shutil.copy(originals[1], dump.parent))


def databases(address: DatabaseAddress) -> set[str]:
    with address.with_name("postgres").connect() as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (address.name,)
        )
        return {name for (name,) in found}


def test_the_backup_takes_the_place_and_the_former_database_is_kept(
    musicdb: DatabaseAddress, dump: Path
) -> None:
    add_requests(musicdb, 7)
    report = restore(dump, musicdb, "R-1", ignore)
    assert rows(musicdb, _COUNT) == [(200,)]
    assert report.replaced_database == f"{musicdb.name}_replaced_r_1"
    assert rows(musicdb.with_name(report.replaced_database), _COUNT) == [(207,)]
    assert databases(musicdb) == {musicdb.name, report.replaced_database}
    assert report.swap_seconds < 5
    manifest = read_manifest(dump)
    assert manifest is not None
    assert report.rows == sum(manifest.rows.values())


def test_repeating_it_for_the_same_run_changes_nothing_more(musicdb: DatabaseAddress, dump: Path) -> None:
    first = restore(dump, musicdb, "R-1", ignore)
    add_requests(musicdb, 1)
    again = restore(dump, musicdb, "R-1", ignore)
    assert again.replaced_database == first.replaced_database
    assert rows(musicdb, _COUNT) == [(201,)]


def test_an_unfinished_copy_of_a_killed_run_is_removed(musicdb: DatabaseAddress, dump: Path) -> None:
    with musicdb.with_name("postgres").connect(autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{musicdb.name}_restored_r_0" TEMPLATE template0'.encode())
        connection.execute(f'CREATE DATABASE "{musicdb.name}_restored_r_1" TEMPLATE template0'.encode())
    report = restore(dump, musicdb, "R-1", ignore)
    assert databases(musicdb) == {musicdb.name, report.replaced_database}


@pytest.mark.parametrize("packed", [False, True])
def test_the_playbooks_plain_dump_is_restored(musicdb: DatabaseAddress, script: Path, packed: bool) -> None:
    if packed:
        with script.open("rb") as plain, gzip.open(f"{script}.gz", "wb") as target:
            target.write(plain.read())
        script = script.with_name(script.name + ".gz")
    assert check_file(script) is (FileKind.GZIPPED_SQL if packed else FileKind.SQL)
    add_requests(musicdb, 7)
    restore(script, musicdb, "R-1", ignore)
    assert rows(musicdb, _COUNT) == [(200,)]


def test_sessions_are_ended_only_for_the_moment_of_the_swap(musicdb: DatabaseAddress, dump: Path) -> None:
    """An application that reconnects at once, as the services do: how long can it not read?"""
    gaps: list[float] = []
    stopped = threading.Event()

    def application() -> None:
        last = time.monotonic()
        while not stopped.is_set():
            try:
                with psycopg.connect(**musicdb.conninfo(), autocommit=True) as connection:
                    while not stopped.wait(0.01):
                        connection.execute(_COUNT)
                        gaps.append(time.monotonic() - last)
                        last = time.monotonic()
            except psycopg.OperationalError:
                continue

    readers = [threading.Thread(target=application) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        restore(dump, musicdb, "R-1", ignore)
    finally:
        stopped.set()
        for reader in readers:
            reader.join()
    assert max(gaps) < 5


def test_settings_and_owner_of_the_database_are_kept(musicdb: DatabaseAddress, dump: Path) -> None:
    with musicdb.connect() as connection:
        connection.execute(f"ALTER DATABASE {musicdb.name} SET search_path = music, public".encode())
        connection.execute(f"ALTER DATABASE {musicdb.name} SET statement_timeout = '9s'".encode())
    restore(dump, musicdb, "R-1", ignore)
    shown = "SELECT current_setting('search_path'), current_setting('statement_timeout')"
    assert rows(musicdb, shown) == [("music, public", "9s")]


def test_what_would_be_lost_is_counted_per_table(musicdb: DatabaseAddress, dump: Path) -> None:
    assert what_would_be_lost(dump, musicdb) == {}
    add_requests(musicdb, 7)
    assert what_would_be_lost(dump, musicdb) == {"public.raw_track_enrichment_requests": 7}
    manifest_path(dump).unlink()
    assert what_would_be_lost(dump, musicdb) is None


@pytest.mark.parametrize(
    "moment", ["Checking", "Restoring into", "rows restored; putting them in place", "Swapped in"]
)
def test_killed_at_any_moment_the_database_is_whole_and_repeating_finishes(
    musicdb: DatabaseAddress, dump: Path, moment: str
) -> None:
    add_requests(musicdb, 7)
    with worker_process.started("restore", musicdb, dump, "R-1") as child:
        worker_process.read_until(child, moment)
        child.kill()
        child.wait()
    assert rows(musicdb, _COUNT) in ([(207,)], [(200,)])
    report = restore(dump, musicdb, "R-1", ignore)
    assert rows(musicdb, _COUNT) == [(200,)]
    assert rows(musicdb.with_name(report.replaced_database), _COUNT) == [(207,)]
    assert databases(musicdb) == {musicdb.name, report.replaced_database}


def flip_a_bit(data: bytes) -> bytes:
    """In the middle of the largest compressed block, so that rows are hit and not a name."""
    blocks = data.split(_ZLIB_START)
    before = _ZLIB_START.join(blocks[: blocks.index(max(blocks[1:] or blocks, key=len))])
    place = len(before) + len(max(blocks[1:] or blocks, key=len)) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


_ZLIB_START = b"\x78\x9c"
_DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: data[:0],
    "cut off": lambda data: data[: len(data) * 2 // 3],
    "last bytes missing": lambda data: data[:-40],
    "flipped bit": flip_a_bit,
    "of a newer PostgreSQL": lambda data: data[:6] + b"\x63" + data[7:],
}


@pytest.mark.parametrize("with_manifest", [True, False])
@pytest.mark.parametrize("damage", list(_DAMAGE))
def test_a_damaged_archive_is_refused_before_anything_is_touched(
    musicdb: DatabaseAddress, dump: Path, damage: str, with_manifest: bool
) -> None:
    dump.write_bytes(_DAMAGE[damage](dump.read_bytes()))
    if not with_manifest:
        manifest_path(dump).unlink()
    with pytest.raises(BadBackupError):
        restore(dump, musicdb, "R-1", ignore)
    assert databases(musicdb) == {musicdb.name}
    assert rows(musicdb, _COUNT) == [(200,)]


@pytest.mark.parametrize("damage", ["empty", "cut off", "flipped bit", "last bytes missing"])
def test_a_damaged_packed_script_is_refused(musicdb: DatabaseAddress, script: Path, damage: str) -> None:
    packed = script.with_name("manual.sql.gz")
    packed.write_bytes(_DAMAGE[damage](gzip.compress(script.read_bytes())))
    with pytest.raises((BadBackupError, UnsafeScriptError)):
        restore(packed, musicdb, "R-1", ignore)
    assert databases(musicdb) == {musicdb.name}


def test_a_cut_off_plain_script_is_refused(musicdb: DatabaseAddress, script: Path) -> None:
    """The reference emptied the database with such a file and called it a success."""
    script.write_bytes(script.read_bytes()[:20_000])
    with pytest.raises(UnsafeScriptError, match="is cut off"):
        restore(script, musicdb, "R-1", ignore)
    assert rows(musicdb, _COUNT) == [(200,)]


def test_a_script_that_leaves_its_database_is_refused(musicdb: DatabaseAddress, script: Path) -> None:
    script.write_text("\\connect postgres\n" + script.read_text())
    with pytest.raises(UnsafeScriptError, match=r"\\connect in line 1"):
        restore(script, musicdb, "R-1", ignore)
    assert databases(musicdb) == {musicdb.name}


def test_a_missing_file_is_told(musicdb: DatabaseAddress, tmp_path: Path) -> None:
    with pytest.raises(BadBackupError, match=r"nowhere\.dump cannot be read: No such file"):
        restore(tmp_path / "nowhere.dump", musicdb, "R-1", ignore)


def test_a_missing_role_is_named_and_the_live_database_stays(musicdb: DatabaseAddress, script: Path) -> None:
    text = script.read_text().replace("OWNER TO musicdb_user", "OWNER TO long_gone")
    script.write_text(text)
    with pytest.raises(RestoreFailedError, match='role "long_gone" does not exist'):
        restore(script, musicdb, "R-1", ignore)
    assert databases(musicdb) == {musicdb.name}
    assert rows(musicdb, _COUNT) == [(200,)]


def test_a_backup_without_one_of_its_tables_is_refused(
    musicdb: DatabaseAddress, empty_database: DatabaseAddress, dump: Path
) -> None:
    """Content and manifest of two different backups, checksums made to agree."""
    folder = dump.parent / "other"
    made = Backups(folder, empty_database, PostgresBinaries.embedded()).create("x", "run-2", ignore)
    other, manifest = read_manifest(Path(made.path)), read_manifest(dump)
    assert other is not None
    assert manifest is not None
    forged = manifest.model_copy(update={"sha256": other.sha256, "size_bytes": other.size_bytes})
    Path(made.path).replace(dump)
    forged.write(manifest_path(dump))
    with pytest.raises(RestoreFailedError, match="api_performance_metrics: 0 rows expected, no table"):
        restore(dump, musicdb, "R-1", ignore)
    assert databases(musicdb) == {musicdb.name}


def test_no_password_stands_in_the_environment_of_others_or_on_a_command_line(
    musicdb: DatabaseAddress,
) -> None:
    tools = PostgresTools(PostgresBinaries.embedded(), musicdb)
    with pytest.raises(Exception, match="pg_restore ended with exit code") as caught:
        tools.restore(Path("/nowhere.dump"))
    assert musicdb.password
    assert musicdb.password not in str(caught.value)
    assert musicdb.password not in repr(tools)

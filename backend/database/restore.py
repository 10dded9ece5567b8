"""Restore a backup beside the live database, then swap the two by renaming.

The live database serves until the copy is complete and counted. Both renames are one transaction: whenever
the runner or the server dies, either the old database or the restored one has the name. The replaced one
is kept under `NAME_replaced_RUN`, so that a restore can itself be taken back.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress, DatabaseMissingError
from backend.database.backup_files import FileKind, check_file, read_script
from backend.database.binaries import PostgresBinaries, PostgresPrograms
from backend.database.databases import drop_database, ensure_database
from backend.database.manifest import read_manifest
from backend.database.row_counts import count_rows, differences
from backend.database.scratch import beside, remove_leftovers
from backend.database.swap import mark_of, prepare, swap
from backend.database.tools import PostgresTools

Progress = Callable[[str], None]


class RestoreFailedError(OperatorError):
    """The backup could not be restored. The live database is as it was."""


@dataclass(frozen=True)
class RestoreReport:
    """What a restore did."""

    replaced_database: str
    """Where the former database is kept; empty when there was none."""
    rows: int
    seconds: float
    swap_seconds: float
    """How long the database took no connections."""


def restore(
    path: Path,
    address: DatabaseAddress,
    run: str,
    progress: Progress,
    binaries: PostgresPrograms | None = None,
) -> RestoreReport:
    """Put the content of `path` in the place of the database at `address`.

    May be repeated for the same run after a crash: what was swapped in already is not restored again.
    Raises BadBackupError or UnsafeScriptError for a file that is no good, RestoreFailedError when it does
    not load; the live database is untouched then.
    """
    started = time.monotonic()
    tools = binaries or PostgresBinaries.embedded()
    replaced = beside(address, "replaced", run)
    if mark_of(address) == _mark(run):
        progress(f"{address.name} is already the restored one; nothing to do")
        return RestoreReport(replaced.name, _rows(address), time.monotonic() - started, 0.0)
    progress(f"Checking {path}")
    kind = check_file(path, tools)
    remove_leftovers(address, "restored")
    restored = beside(address, "restored", run)
    progress(f"Restoring into {restored.name}, beside the live database")
    rows = _load(path, kind, restored, tools)
    progress(f"{rows:,} rows restored; putting them in place of {address.name}")
    prepare(restored, address, _mark(run))
    swap_seconds = swap(address, restored.name, replaced.name)
    progress(f"Swapped in {swap_seconds:.2f} s; the former database is kept as {replaced.name}")
    return RestoreReport(replaced.name, rows, time.monotonic() - started, swap_seconds)


def what_would_be_lost(path: Path, address: DatabaseAddress) -> Mapping[str, int] | None:
    """Per table, rows there are now minus rows in the backup; tables without a difference are left out.

    A positive number is what restoring the backup would lose. None when the backup has no manifest.
    """
    manifest = read_manifest(path)
    if manifest is None:
        return None
    try:
        with address.connect() as connection:
            now = count_rows(connection)
    except DatabaseMissingError:
        now = {}
    changed = {
        table: now.get(table, 0) - manifest.rows.get(table, 0)
        for table in sorted(now.keys() | manifest.rows.keys())
    }
    return {table: count for table, count in changed.items() if count}


def _load(path: Path, kind: FileKind, restored: DatabaseAddress, binaries: PostgresPrograms) -> int:
    """Fill a fresh database from the file and count it; on failure the database is dropped."""
    drop_database(restored)
    ensure_database(restored)
    tools = PostgresTools(binaries, restored)
    try:
        if kind is FileKind.ARCHIVE:
            tools.restore(path)
        else:
            tools.run_sql(read_script(path, kind))
        return _checked_rows(path, restored)
    except (OperatorError, psycopg.Error) as error:
        drop_database(restored)
        reason = error.message if isinstance(error, OperatorError) else " ".join(str(error).split())
        raise RestoreFailedError(
            f"The backup {path} could not be restored: {reason}",
            "The live database is as it was. Choose another backup, or correct the cause and start again.",
        ) from error


def _checked_rows(path: Path, restored: DatabaseAddress) -> int:
    with restored.connect() as connection:
        found = count_rows(connection)
    manifest = read_manifest(path)
    wrong = differences(manifest.rows, found) if manifest is not None else ()
    if wrong:
        raise RestoreFailedError(f"it restores to something else than was backed up: {'; '.join(wrong[:3])}")
    return sum(found.values())


def _rows(address: DatabaseAddress) -> int:
    with address.connect() as connection:
        return sum(count_rows(connection).values())


def _mark(run: str) -> str:
    return f"restored by run {run}"

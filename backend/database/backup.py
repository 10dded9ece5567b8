"""Backups that are proven: each is restored once and counted before it gets its name."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Backup
from backend.database.address import DatabaseAddress
from backend.database.binaries import PostgresPrograms
from backend.database.folder_lock import alone_in, sync
from backend.database.manifest import Manifest, manifest_path, read_manifest, sha256_of
from backend.database.migrations.history import read_records, revision
from backend.database.row_counts import count_rows, differences
from backend.database.scratch import scratch_database
from backend.database.tools import PostgresTools
from backend.disk_space import is_out_of_space

Progress = Callable[[str], None]

_SPARE_BYTES = 64 * 1024 * 1024


class BackupFailedError(OperatorError):
    """No usable backup was made, and no file was left that could be taken for one."""


@dataclass(frozen=True)
class _Dumped:
    """What was in the snapshot that went into the file."""

    server_version: str
    schema_revision: str
    rows: dict[str, int]


@dataclass(frozen=True)
class Backups:
    """The backups of one database in one folder.

    A file counts only when its manifest is beside it, and it gets its name only after it was restored
    into a scratch database whose row counts agreed with those of the dumped snapshot.
    """

    folder: Path
    address: DatabaseAddress
    binaries: PostgresPrograms

    def create(self, label: str, run: str, progress: Progress) -> Backup:
        """Dump, prove and keep. Raises BackupFailedError (or OperatorError) when any of it fails."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone_in(self.folder):
            self._remove_partial_files()
            self._check_versions()
            self._check_space()
            target = self._free_name(label, run)
            partial = target.with_name(f".{target.name}.partial")
            try:
                return self._create(partial, target, label, run, progress)
            except (OSError, OperatorError) as error:
                if not is_out_of_space(error):
                    raise
                raise self._no_space(error) from error
            finally:
                self._remove_partial_files()

    def list(self) -> Sequence[Backup]:
        """The backups in the folder, newest first. Files without manifest or of another size do not count."""
        found = []
        for dump in self.folder.glob("*.dump"):
            manifest = read_manifest(dump)
            if manifest is not None and dump.stat().st_size == manifest.size_bytes:
                found.append(manifest.backup(dump))
        return sorted(found, key=lambda backup: backup.created_at, reverse=True)

    def _create(self, partial: Path, target: Path, label: str, run: str, progress: Progress) -> Backup:
        created_at = datetime.now(UTC)
        progress(f"Dumping {self.address} to {target}")
        dumped = self._dump(partial)
        progress(f"{partial.stat().st_size:,} bytes written; restoring them into a scratch database")
        self._prove(partial, dumped, run)
        manifest = Manifest(
            label=label,
            run=run,
            created_at=created_at,
            database=self.address.name,
            server_version=dumped.server_version,
            schema_revision=dumped.schema_revision,
            sha256=sha256_of(partial),
            size_bytes=partial.stat().st_size,
            rows=dumped.rows,
            verified=True,
        )
        manifest.write(manifest_path(target))
        partial.rename(target)
        sync(self.folder)
        progress(f"Verified: {sum(dumped.rows.values()):,} rows in {len(dumped.rows)} tables agree")
        return manifest.backup(target)

    def _dump(self, partial: Path) -> _Dumped:
        """Dump a snapshot and count the same snapshot's rows."""
        with self.address.connect() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            partial.touch(mode=0o600)
            for (snapshot,) in connection.execute("SELECT pg_export_snapshot()"):
                PostgresTools(self.binaries, self.address).dump(partial, snapshot)
            sync(partial)
            version = connection.info.parameter_status("server_version") or ""
            return _Dumped(version, revision(read_records(connection)), dict(count_rows(connection)))

    def _prove(self, partial: Path, dumped: _Dumped, run: str) -> None:
        """Restore into a scratch database and compare."""
        with scratch_database(self.address, run) as scratch:
            try:
                PostgresTools(self.binaries, scratch).restore(partial)
            except OperatorError as error:
                raise BackupFailedError(
                    f"The backup could not be restored, so it is worth nothing: {error.message}",
                    "The file was removed. Correct the cause and start again; nothing else was changed.",
                ) from error
            with scratch.connect() as connection:
                wrong = differences(dumped.rows, count_rows(connection))
        if wrong:
            raise BackupFailedError(
                f"The restored backup differs from the database: {'; '.join(wrong[:3])}",
                "The file was removed. Start again; nothing else was changed.",
            )

    def _check_versions(self) -> None:
        """An older pg_dump cannot read the server; a newer one writes what the server may not restore."""
        with self.address.connect(autocommit=True) as connection:
            server = connection.info.server_version // 10000
        ours = self.binaries.major()
        if server != ours:
            raise BackupFailedError(
                f"The server is PostgreSQL {server}, but pg_dump here is of PostgreSQL {ours}.",
                f"Use the programs of PostgreSQL {server}. No backup was made.",
            )

    def _check_space(self) -> None:
        """The dump and the scratch copy may each be as large as the database."""
        with self.address.connect(autocommit=True) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        needed = 2 * int(row[0] if row else 0) + _SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise BackupFailedError(
                f"A backup needs {needed / 1e6:,.0f} MB (file and trial restore), but only "
                f"{free / 1e6:,.0f} MB are free in {self.folder}.",
                "Free some space, or move old backups away. No backup was made.",
            )

    def _no_space(self, error: Exception) -> BackupFailedError:
        said = error.message if isinstance(error, OperatorError) else str(error)
        return BackupFailedError(
            f"There was no space left for the backup in {self.folder}, or for its trial restore: {said}",
            "Free some space there, or move old backups away, and start again. What was written of it was "
            "removed; nothing else was changed.",
        )

    def _free_name(self, label: str, run: str) -> Path:
        word = re.sub(r"[^A-Za-z0-9-]+", "-", run).strip("-") or "manual"
        stem = f"{re.sub(r'[^A-Za-z0-9_]+', '_', label)}_{datetime.now(UTC):%Y%m%d_%H%M%S}_{word}"
        names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
        return next(path for name in names if not (path := self.folder / f"{name}.dump").exists())

    def _remove_partial_files(self) -> None:
        """What a failed or killed run left."""
        for partial in self.folder.glob(".*.partial"):
            partial.unlink()

"""Backup files as they come: what kind each is, and whether it can be trusted, before anything is touched."""

import gzip
import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.database.address import DatabaseAddress
from backend.database.binaries import PostgresBinaries, PostgresPrograms
from backend.database.manifest import read_manifest, sha256_of
from backend.database.sql_script import ScriptCheck, UnsafeScriptError
from backend.database.tools import PostgresTools

_REMEDY = "Choose another backup. Nothing was changed."
# read_through needs no server: the archive is only read.
_NO_DATABASE = DatabaseAddress("127.0.0.1", 1, "none", "none")


class FileKind(Enum):
    """What a backup file is, told from its content and not from its name."""

    ARCHIVE = "pg_dump archive"
    SQL = "SQL script"
    GZIPPED_SQL = "compressed SQL script"


class BadBackupError(OperatorError):
    """The file cannot be restored. Nothing was changed."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy, exit_code=ExitCode.REFUSED)


def check_file(path: Path, binaries: PostgresPrograms | None = None) -> FileKind:
    """Read a backup file from end to end and judge it.

    Raises BadBackupError or UnsafeScriptError when it is missing, empty, cut off, altered, made by a newer
    PostgreSQL, or would act outside of its own database.
    """
    kind = kind_of(path)
    described = _check_against_manifest(path)
    if kind is FileKind.ARCHIVE:
        entries = _read_archive(path, binaries or PostgresBinaries.embedded())
        if entries == 0 and not described:
            raise BadBackupError(f"The backup {path} has nothing in it.", _REMEDY)
    else:
        _check_script(path, kind)
    return kind


def kind_of(path: Path) -> FileKind:
    """What the file is, by its first bytes."""
    try:
        with path.open("rb") as stream:
            start = stream.read(5)
    except OSError as error:
        raise BadBackupError(f"The backup {path} cannot be read: {error.strerror}.", _REMEDY) from None
    if not start:
        raise BadBackupError(f"The backup {path} is empty (0 bytes).", _REMEDY)
    if start == b"PGDMP":
        return FileKind.ARCHIVE
    return FileKind.GZIPPED_SQL if start.startswith(b"\x1f\x8b") else FileKind.SQL


def read_script(path: Path, kind: FileKind) -> Iterator[bytes]:
    """The lines of an SQL script, unpacked. Raises BadBackupError when the packing is damaged."""
    try:
        with gzip.open(path) if kind is FileKind.GZIPPED_SQL else path.open("rb") as stream:
            yield from stream
    except EOFError:
        raise BadBackupError(f"The backup {path} is cut off in the middle.", _REMEDY) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadBackupError(f"The backup {path} is damaged: {error}.", _REMEDY) from None


def _check_against_manifest(path: Path) -> bool:
    """Whether the file is one that its manifest describes; False without a manifest."""
    manifest = read_manifest(path)
    if manifest is None:
        return False
    size = path.stat().st_size
    if size != manifest.size_bytes:
        raise BadBackupError(
            f"The backup {path} has {size:,} bytes; it had {manifest.size_bytes:,} when it was made.", _REMEDY
        )
    if sha256_of(path) != manifest.sha256:
        raise BadBackupError(
            f"The backup {path} was altered or damaged after it was made: its checksum differs.", _REMEDY
        )
    return True


def _read_archive(path: Path, binaries: PostgresPrograms) -> int:
    try:
        return PostgresTools(binaries, _NO_DATABASE).read_through(path)
    except OperatorError as error:
        raise BadBackupError(
            f"The backup {path} cannot be read to its end: {error.message}", _REMEDY
        ) from error


def _check_script(path: Path, kind: FileKind) -> None:
    check = ScriptCheck(str(path))
    try:
        check.take(read_script(path, kind))
        check.finish()
    except UnsafeScriptError as error:
        raise UnsafeScriptError(error.message, error.remedy, exit_code=ExitCode.REFUSED) from None

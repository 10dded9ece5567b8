"""A set of migrations on disk: `NNN_name/{up,down,verify}.sql`."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from backend.contracts.errors import OperatorError

_FOLDER = re.compile(r"(?P<version>\d{3})_(?P<title>[a-z][a-z0-9_]*)")


@dataclass(frozen=True)
class Migration:
    """One migration with the content of its files."""

    version: str
    """Three digits, such as `001`."""
    name: str
    """Name of the folder, such as `001_bronze_layer`."""
    up: str = field(repr=False)
    down: str = field(repr=False)
    verify: str = field(repr=False)
    """Statements that raise when the migration's effect is not there."""

    @property
    def recorded_name(self) -> str:
        """What `schema_migrations` calls it: the name that the playbook's queries show."""
        return f"{self.name}_up.sql"

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of `up.sql`, as hexadecimal digits: tells whether it was edited after it was applied."""
        return hashlib.sha256(self.up.encode()).hexdigest()


def load_set(folder: Path) -> Sequence[Migration]:
    """The set in `folder`, in order. Raises OperatorError on a missing file, a gap or a foreign name."""
    if not folder.is_dir():
        raise OperatorError(f"The migration folder {folder} is missing.", "Install the release again.")
    migrations = [_load(entry) for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    for number, migration in enumerate(migrations, start=1):
        if int(migration.version) != number:
            raise OperatorError(
                f"Migration {number:03d} is missing in {folder}: {migration.name} comes in its place.",
                "Number the migrations 001, 002, 003 and so on, each number once.",
            )
    return migrations


def _load(entry: Path) -> Migration:
    match = _FOLDER.fullmatch(entry.name)
    if match is None or not entry.is_dir():
        raise OperatorError(
            f"{entry} is no migration.", "A migration is a folder such as 001_bronze_layer; move others away."
        )
    return Migration(
        version=match["version"],
        name=entry.name,
        up=_read(entry / "up.sql"),
        down=_read(entry / "down.sql"),
        verify=_read(entry / "verify.sql"),
    )


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OperatorError(
            f"The migration file {path} is missing.", "Each migration has up.sql, down.sql and verify.sql."
        ) from None
    except UnicodeDecodeError:
        raise OperatorError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    if not text.strip():
        raise OperatorError(f"The migration file {path} is empty.", "Write the statements, or remove it all.")
    return text

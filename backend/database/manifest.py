"""The description beside each backup file: `NAME.json` next to `NAME.dump`."""

import hashlib
import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.contracts.runs import Backup
from backend.database.folder_lock import sync

_CHUNK = 1 << 20


class Manifest(BaseModel):
    """What is known of a backup that was restored once and agreed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: str
    run: str
    created_at: datetime
    database: str
    server_version: str
    schema_revision: str
    sha256: str
    size_bytes: int
    rows: dict[str, int]
    """Rows per table, from the very snapshot that was dumped."""
    verified: bool

    def backup(self, dump: Path) -> Backup:
        """As the rest of the program sees it."""
        return Backup(
            path=str(dump),
            created_at=self.created_at,
            size_bytes=self.size_bytes,
            verified=self.verified,
            schema_revision=self.schema_revision,
            rows=sum(self.rows.values()),
            run=self.run,
        )

    def write(self, path: Path) -> None:
        """Write it so that it is complete or not there."""
        fresh = path.with_name(f".{path.name}.partial")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(self.model_dump_json(indent=2))
        sync(fresh)
        fresh.replace(path)


def manifest_path(dump: Path) -> Path:
    """Where the description of `dump` belongs."""
    return dump.with_suffix(".json")


def read_manifest(dump: Path) -> Manifest | None:
    """The description of `dump`; None when there is none, or it is not one of ours."""
    try:
        return Manifest.model_validate_json(manifest_path(dump).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

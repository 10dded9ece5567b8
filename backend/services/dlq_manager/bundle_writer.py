"""Writes a bundle file by file and keeps the digest of each for the manifest."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from typing import IO, Any

from pydantic_core import to_jsonable_python

from backend.contracts.dead_letter_bundle import MANIFEST, BundledFile, BundledLetter, BundleManifest
from backend.services.dlq_manager.masking import Masker

_APART = frozenset({"body", "headers", "content_type", "sha256", "attempts", "audit", "revisions"})


class BundleWriter:
    """Writes to a file opened for binary writing. Everything here blocks: call it in a thread."""

    def __init__(self, file: IO[bytes], masker: Masker, manifest: BundleManifest) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w:gz", compresslevel=6)  # noqa: SIM115 - close()
        self._masker = masker
        self._manifest = manifest

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Add letters as `bundle_rows.letters` reads them."""
        for row in rows:
            self._manifest.letters += 1
            self._letter(row, f"letters/{self._manifest.letters:05}")

    def close(self) -> BundleManifest:
        """Write the manifest, which seals the bundle."""
        self._file(MANIFEST, self._manifest.model_dump_json(indent=2).encode())
        self._tar.close()
        return self._manifest

    def _letter(self, row: dict[str, Any], folder: str) -> None:
        body = None if row["body"] is None else bytes(row["body"])
        masked = b"" if body is None else self._masker.payload(body)
        if body is not None:
            self._listed(f"{folder}/payload", masked)
        for revision in row["revisions"]:
            content = self._masker.payload(bytes(revision["body"]))
            self._listed(f"{folder}/revision-{revision['number']}", content)
        letter = self._described(row, folder, is_masked=body is not None and masked != body)
        self._manifest.masked += letter.payload_is_masked
        self._listed(f"{folder}/letter.json", letter.model_dump_json(indent=2).encode())

    def _described(self, row: dict[str, Any], folder: str, *, is_masked: bool) -> BundledLetter:
        known = {name: value for name, value in row.items() if name not in _APART}
        return BundledLetter(
            message_id=row["message_id"],
            folder=folder,
            routing_key=row["routing_key"],
            content_type=row["content_type"] or "",
            correlation_id=row["correlation_id"],
            headers=self._masker.value(row["headers"] or {}),
            payload_sha256=row["sha256"] or "",
            payload_is_masked=is_masked,
            purged=row["body"] is None,
            revision=row["revision"],
            letter=self._shown(known),
            attempts=[self._shown(attempt) for attempt in row["attempts"]],
            audit=[self._shown(entry) for entry in row["audit"]],
            revisions=[self._shown(_without_body(revision)) for revision in row["revisions"]],
        )

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self._masker.value(to_jsonable_python(dict(row)))
        return shown

    def _listed(self, path: str, content: bytes) -> None:
        self._file(path, content)
        digest = hashlib.sha256(content).hexdigest()
        self._manifest.files.append(BundledFile(path=path, bytes=len(content), sha256=digest))

    def _file(self, path: str, content: bytes) -> None:
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode = len(content), 0o600
        entry.mtime = int(self._manifest.created_at.timestamp())
        self._tar.addfile(entry, io.BytesIO(content))


def _without_body(revision: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in revision.items() if name != "body"}

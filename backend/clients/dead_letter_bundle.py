"""Reads sealed bundles of dead letters, and refuses one that is not whole."""

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from backend.contracts.dead_letter_bundle import (
    BUNDLE_FORMAT,
    BUNDLE_VERSION,
    MANIFEST,
    BundledLetter,
    BundleManifest,
)
from backend.contracts.errors import OperatorError

_LARGEST_MANIFEST = 64_000_000
_ANEW = "Export the dead letters again, and copy the file without changing it."


@dataclass(frozen=True)
class ReplayedLetter:
    """A letter out of a bundle, as it is to be sent."""

    message_id: str
    routing_key: str
    content_type: str
    correlation_id: str | None
    body: bytes
    is_masked: bool


class BundleReader:
    """A bundle opened for reading; use it as a context manager. Every error is an OperatorError."""

    def __init__(self, path: Path) -> None:
        try:
            self._tar = tarfile.open(path, "r:gz")  # noqa: SIM115 - closed in __exit__
            self._members = {member.name: member for member in self._tar.getmembers()}
        except (OSError, EOFError, tarfile.TarError) as error:
            raise OperatorError(f"{path} cannot be read as a bundle: {error}.", _ANEW) from error
        self.manifest = self._manifest()

    def __enter__(self) -> "BundleReader":
        return self

    def __exit__(self, *_error: object) -> None:
        self._tar.close()

    def verify(self) -> None:
        """Every file is there, is what the manifest says, and nothing else is in it."""
        listed = {file.path: file for file in self.manifest.files}
        strange = sorted(self._members.keys() - listed.keys() - {MANIFEST})
        if strange:
            raise OperatorError(f"The bundle is not sealed: {strange[0]} is not in its manifest.", _ANEW)
        for path, file in listed.items():
            content = self._content(path, file.bytes)
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise OperatorError(f"The bundle was changed: {path} is not what was sealed.", _ANEW)

    def letters(self) -> Iterator[ReplayedLetter]:
        """The letters with bytes, as they would be sent next: the chosen revision, else the original."""
        sizes = {file.path: file.bytes for file in self.manifest.files}
        for path, size in sizes.items():
            if path.endswith("/letter.json"):
                letter = self._letter(self._content(path, size))
                if not letter.purged:
                    name = "payload" if letter.revision is None else f"revision-{letter.revision}"
                    place = f"{letter.folder}/{name}"
                    yield _replayed(letter, self._content(place, sizes.get(place, -1)))

    def _manifest(self) -> BundleManifest:
        member = self._members.get(MANIFEST)
        if member is None or member.size > _LARGEST_MANIFEST:
            raise OperatorError("The file is no bundle of dead letters: it has no manifest.", _ANEW)
        try:
            manifest = BundleManifest.model_validate_json(self._content(MANIFEST, member.size))
        except ValidationError as error:
            raise OperatorError("The manifest of the bundle cannot be read.", _ANEW) from error
        if (manifest.format, manifest.version) != (BUNDLE_FORMAT, BUNDLE_VERSION):
            told = f"The bundle has the format {manifest.format} {manifest.version}"
            raise OperatorError(f"{told}; this release reads {BUNDLE_FORMAT} {BUNDLE_VERSION}.", _ANEW)
        return manifest

    def _letter(self, content: bytes) -> BundledLetter:
        try:
            return BundledLetter.model_validate_json(content)
        except ValidationError as error:
            raise OperatorError("A letter of the bundle cannot be read.", _ANEW) from error

    def _content(self, path: str, size: int) -> bytes:
        member = self._members.get(path)
        try:
            file = None if member is None or member.size != size else self._tar.extractfile(member)
            content = None if file is None else file.read()
        except (OSError, EOFError, tarfile.TarError) as error:
            raise OperatorError(f"The bundle breaks off at {path}: {error}.", _ANEW) from error
        if content is None:
            raise OperatorError(f"The bundle was changed: {path} is missing or has another length.", _ANEW)
        return content


def _replayed(letter: BundledLetter, body: bytes) -> ReplayedLetter:
    return ReplayedLetter(
        message_id=letter.message_id,
        routing_key=letter.routing_key,
        content_type=letter.content_type or "application/json",
        correlation_id=letter.correlation_id,
        body=body,
        is_masked=letter.payload_is_masked,
    )

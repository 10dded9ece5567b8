"""A sealed bundle: dead letters with everything about them, as a `.tar.gz` to look at and replay elsewhere.

In it are, for each letter, `letters/00001/letter.json` (a BundledLetter), `letters/00001/payload` (the
original bytes) and `letters/00001/revision-1` for each edit; last `manifest.json` (a BundleManifest) with the
digest of every other file. Secrets are masked before they are written, so a payload may differ from what was
received: then `payload_is_masked` says so, and `payload_sha256` is the digest of what was received.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from backend.contracts.dead_letter_views import Selection

BUNDLE_FORMAT = "songnodes-dead-letters"
BUNDLE_VERSION = 1
MANIFEST = "manifest.json"
LETTERS_HEADER = "X-Letters"
"""Of the answer to `POST /dlq/export`: how many letters are in it."""
MOST_LETTERS = 10_000


class BundledFile(BaseModel):
    """A file of the bundle."""

    path: str
    bytes: int
    sha256: str


class BundledLetter(BaseModel):
    """A letter without its payload."""

    message_id: str
    folder: str
    """Where its files are."""
    routing_key: str
    """The queue from which it came."""
    content_type: str
    correlation_id: str | None
    headers: dict[str, Any]
    """As they came in."""
    payload_sha256: str
    """Of the bytes as they came in."""
    payload_is_masked: bool
    purged: bool = False
    """Its bytes are gone: there is no payload file."""
    revision: int | None = None
    """The revision that would be sent next; none: the original."""
    letter: dict[str, Any]
    """Its row: state, failure, track, owner, note."""
    attempts: list[dict[str, Any]]
    audit: list[dict[str, Any]]
    revisions: list[dict[str, Any]]


class BundleManifest(BaseModel):
    """What a bundle holds; every file in it but this one is listed."""

    format: str = BUNDLE_FORMAT
    version: int = BUNDLE_VERSION
    created_at: datetime
    author: str
    environment: str
    release: str
    selection: Selection
    letters: int
    masked: int
    """Letters in which something was masked."""
    files: list[BundledFile] = Field(default_factory=list)


class SandboxLetter(BaseModel):
    """A payload to be worked on again, in a sandbox."""

    message_id: str = Field(min_length=1, max_length=500)
    """Under which the queue knows it: the same one sent again is worked on once."""
    content_type: str = Field(default="application/json", max_length=200)
    correlation_id: str | None = Field(default=None, max_length=500)
    payload_base64: str = Field(max_length=30_000_000)


class SandboxReplay(BaseModel):
    """Body of `POST /dlq/sandbox/requests`, which stacks have only where every provider is simulated."""

    letters: list[SandboxLetter] = Field(min_length=1, max_length=200)


class SandboxReplayed(BaseModel):
    """Answer: all of them are in the work queue."""

    published: int

"""What the payloads of a cause have in common that other payloads of the same queue do not."""

from enum import StrEnum

from pydantic import BaseModel


class ContrastBasis(StrEnum):
    """With what the failing payloads are compared."""

    RESOLVED = "resolved"
    """Letters of the same queue that were processed in the end."""
    OTHER_CAUSES = "other_causes"
    """Open letters of the same queue that failed otherwise: too few were resolved yet."""


class FieldState(StrEnum):
    """What a field is in the payloads that are counted."""

    MISSING = "missing"
    EMPTY = "empty"
    """There, but null, an empty text, list or object."""
    VALUE = "value"
    """There with one certain value."""


class ContrastField(BaseModel):
    """A field that is the same in many failing payloads and in fewer others."""

    path: str
    """As a JSON pointer, such as `/isrc`."""
    state: FieldState
    value: str = ""
    """For `value`: as JSON, at most 80 characters."""
    failing: float
    others: float
    """Shares from 0 to 1 of the payloads that were compared."""


class Contrast(BaseModel):
    """`GET /dlq/causes/{fingerprint}/contrast`: the newest payloads on either side, at most 300 each."""

    fingerprint: str
    basis: ContrastBasis
    failing: int
    """Payloads of the cause that were read; those that are no JSON object or above 64 kB are not."""
    others: int
    fields: list[ContrastField]
    """The largest difference first; at most 12. Empty too where either side is too small to compare."""
    is_enough: bool
    """False: fewer than 5 payloads on one side."""

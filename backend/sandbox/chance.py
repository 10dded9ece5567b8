"""Deterministic variety: numbers and identifiers derived from names, the same at every start."""

import hashlib
import string
import uuid

_BASE62 = string.digits + string.ascii_letters
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "songnodes-console/practice-catalogue")


def digest(*parts: object) -> bytes:
    """32 bytes that depend on `parts` only."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()


def fraction(*parts: object) -> float:
    """A number in [0, 1), evenly spread over different `parts`."""
    return int.from_bytes(digest(*parts)[:8], "big") / 2**64


def between(low: int, high: int, *parts: object) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int(fraction(*parts) * (high - low + 1))


def number(kind: str, *parts: object) -> int:
    """An identifier of the shape Deezer and Discogs use."""
    return between(1_000_000, 3_999_999_999, kind, *parts)


def mbid(kind: str, *parts: object) -> str:
    """An identifier of the shape MusicBrainz uses."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join([kind, *map(str, parts)])))


def base62(kind: str, *parts: object) -> str:
    """An identifier of the shape Spotify uses: 22 letters and digits."""
    value = int.from_bytes(digest(kind, *parts), "big")
    letters = []
    for _ in range(22):
        value, rest = divmod(value, 62)
        letters.append(_BASE62[rest])
    return "".join(letters)


def hexadecimal(kind: str, *parts: object) -> str:
    """32 hexadecimal digits, as in the addresses of cover pictures."""
    return digest(kind, *parts).hex()[:32]

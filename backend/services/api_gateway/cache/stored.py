"""How an entry lies in Redis: under what name, and in what format.

What lies there may be anybody's: another version's, cut short, or written by hand. Only an entry of this very
format and this very key is believed; everything else is as if nothing were there.
"""

from hashlib import blake2b

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.contracts.gateway import TrackCandidate
from backend.services.api_gateway.cache.answers import CANDIDATES, Entry, Key

PREFIX = "songnodes:gateway:answers"
_FORMAT = 1


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    format: int
    key: tuple[str, ...]
    response_id: str | None
    fresh_until: float
    misses: int
    refresh_after: float
    generation: str
    results: tuple[TrackCandidate, ...]


def name_of(key: Key, kind: str = "entry") -> str:
    """The Redis key. Lengths before the texts make it the name of this key and of no other."""
    text = "".join(f"{len(part)}:{part}" for part in key)
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    return f"{PREFIX}:{kind}:{key[0]}:{key[1]}:{digest}"


def encode(key: Key, entry: Entry) -> bytes:
    """An entry as bytes. The results are put in as they are, not read and written again."""
    head = _Stored(
        format=_FORMAT,
        key=key,
        response_id=entry.response_id,
        fresh_until=entry.fresh_until,
        misses=entry.misses,
        refresh_after=entry.refresh_after,
        generation=entry.generation,
        results=(),
    )
    return head.model_dump_json().encode().removesuffix(b"[]}") + entry.results + b"}"


def decode(key: Key, stored: bytes) -> Entry | None:
    """The entry in `stored`; none when that is not one of this format for this key."""
    try:
        read = _Stored.model_validate_json(stored)
    except ValidationError:
        return None
    if read.format != _FORMAT or read.key != key:
        return None
    return Entry(
        CANDIDATES.dump_json(read.results),
        read.response_id,
        read.fresh_until,
        read.misses,
        read.refresh_after,
        read.generation,
    )

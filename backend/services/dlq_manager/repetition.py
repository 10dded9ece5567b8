"""Recognises a request that is sent again because its answer was lost, so that it does not act twice."""

import hashlib
from dataclasses import dataclass

from backend.services.dlq_manager.refusals import RefusedError
from backend.services.dlq_manager.transitions import Connection

_CLAIM = """
INSERT INTO dead_letters.request_keys (key, digest) VALUES (%s, %s) ON CONFLICT (key) DO NOTHING
"""
_KNOWN = "SELECT digest = %s FROM dead_letters.request_keys WHERE key = %s"
_FORGET = "DELETE FROM dead_letters.request_keys WHERE made_at < now() - make_interval(days => %s)"


@dataclass(frozen=True)
class RequestKey:
    """What a caller sent as `Idempotency-Key`, and a digest of everything it asked with it."""

    key: str
    digest: bytes


def request_key(key: str | None, *asked: str) -> RequestKey | None:
    """The key of a request; none when the caller gave none, and then nothing is recognised."""
    if not key:
        return None
    return RequestKey(key, hashlib.sha256("\x1f".join(asked).encode("utf-8", "surrogatepass")).digest())


async def is_repeated(connection: Connection, key: RequestKey | None) -> bool:
    """Whether this was done before. Call it first in the transaction that does it.

    A repetition that arrives while the first is still at work waits here for its end. RefusedError when the
    key was used for something else.
    """
    if key is None:
        return False
    cursor = await connection.execute(_CLAIM, (key.key, key.digest))
    if cursor.rowcount:
        return False
    known = await (await connection.execute(_KNOWN, (key.digest, key.key))).fetchone()
    if known is not None and not known[0]:
        raise RefusedError(
            "This Idempotency-Key was used for another request. Take a new key for each request."
        )
    return True


async def forget_keys(connection: Connection, days: int) -> int:
    """Forget keys older than that; how many."""
    return (await connection.execute(_FORGET, (days,))).rowcount

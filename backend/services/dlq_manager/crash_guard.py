"""Finds the message on which managers die: what is taken in is marked before anybody looks at it.

A mark that outlives its manager tells what that one had in hand. After three deaths with the same message
deliveries come one at a time, so that neighbours are not delivered too often; one with which managers died
twice alone is set aside by its bytes, without being read.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import uuid4

from backend.messaging.port import WITHOUT_ID, Message
from backend.services.common.database import Pool

DEATHS = 3
"""So often with the same message in hand, and deliveries come one at a time."""
ALONE = 2
"""So often of them with nothing else in hand, and it is set aside: once may be chance."""
CAREFUL_SECONDS = 60.0
"""For so long at most: then what did not come again is no longer suspected."""

# The marks of others: of managers that died, or of one at work, which writes its next mark soon.
_INHERIT: LiteralString = """
WITH left_behind AS (
    DELETE FROM dead_letters.intake_marks WHERE consumer <> %s RETURNING digests
)
INSERT INTO dead_letters.intake_suspects AS s (digest, deaths, alone)
SELECT digest, count(*), count(*) FILTER (WHERE cardinality(digests) = 1)
FROM left_behind, unnest(digests) AS digest GROUP BY digest
ON CONFLICT (digest) DO UPDATE SET deaths = s.deaths + excluded.deaths, alone = s.alone + excluded.alone,
    last_at = clock_timestamp()
"""
_FORGET: LiteralString = """
DELETE FROM dead_letters.intake_suspects WHERE last_at < clock_timestamp() - interval '1 hour'
"""
_SUSPECTS: LiteralString = "SELECT digest, deaths, alone FROM dead_letters.intake_suspects"
_MARK: LiteralString = """
INSERT INTO dead_letters.intake_marks (consumer, digests) VALUES (%s, %s)
ON CONFLICT (consumer) DO UPDATE SET digests = excluded.digests, began_at = clock_timestamp()
"""
_UNMARK: LiteralString = "DELETE FROM dead_letters.intake_marks WHERE consumer = %s"
_CLEARED: LiteralString = "DELETE FROM dead_letters.intake_suspects WHERE digest = ANY(%s)"


@dataclass(frozen=True)
class _Suspect:
    deaths: int
    alone: int


class CrashGuard:
    """The marks of one manager, and whom it suspects. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._consumer = uuid4()
        self._suspects: dict[bytes, _Suspect] = {}
        self._careful_until = 0.0

    async def inherit(self) -> None:
        """Learn what managers had in hand when they died. Call it before consuming."""
        async with self._pool.connection() as connection:
            await connection.execute(_INHERIT, (self._consumer,))
            await connection.execute(_FORGET)
            rows = await (await connection.execute(_SUSPECTS)).fetchall()
        self._suspects = {bytes(digest): _Suspect(deaths, alone) for digest, deaths, alone in rows}
        self._careful_until = time.monotonic() + CAREFUL_SECONDS

    @property
    def is_careful(self) -> bool:
        """Whether messages have to come one at a time."""
        return time.monotonic() < self._careful_until and any(
            suspect.deaths >= DEATHS for suspect in self._suspects.values()
        )

    def is_deadly(self, message: Message) -> bool:
        """Whether it must not be read: managers died of it, twice with nothing else in hand."""
        suspect = self._suspects.get(_digest(message))
        return suspect is not None and suspect.deaths >= DEATHS and suspect.alone >= ALONE

    async def mark(self, messages: Sequence[Message]) -> None:
        """These are looked at now. It outlives this process at once, a crash of PostgreSQL it need not."""
        digests = [_digest(message) for message in messages]
        async with self._pool.connection() as connection:
            await connection.execute("SET LOCAL synchronous_commit = off")
            await connection.execute(_MARK, (self._consumer, digests))

    async def survived(self, messages: Sequence[Message]) -> None:
        """These are stored: nobody suspects them any more."""
        cleared = [digest for digest in map(_digest, messages) if digest in self._suspects]
        if not cleared:
            return
        async with self._pool.connection() as connection:
            await connection.execute(_CLEARED, (cleared,))
        for digest in cleared:
            self._suspects.pop(digest, None)

    async def end(self) -> None:
        """This manager ends in good order: what it has in hand did it no harm."""
        async with self._pool.connection() as connection:
            await connection.execute(_UNMARK, (self._consumer,))


def _digest(message: Message) -> bytes:
    """The same at every delivery."""
    name = "" if message.message_id.startswith(WITHOUT_ID) else message.message_id
    return hashlib.sha256(name.encode("utf-8", "surrogatepass") + b"\x00" + message.body).digest()

"""Reads the payloads of a cause and of what did not fail so, and compares them in bounded time."""

import asyncio
from typing import Any, LiteralString

from psycopg import sql

from backend.contracts.dead_letter_contrast import Contrast, ContrastBasis
from backend.services.common.database import Pool
from backend.services.dlq_manager.contrast_fields import ENOUGH, Reading, contrast, read_payload
from backend.services.dlq_manager.refusals import NotFoundError
from backend.services.dlq_manager.transitions import Connection

SAMPLE = 300
MOST_BYTES = 65_536
_MILLISECONDS = 1500

_QUEUE: LiteralString = """
SELECT routing_key FROM dead_letters.messages WHERE fingerprint = %(fingerprint)s
ORDER BY failed_at DESC LIMIT 1
"""
# What failed is what was sent: the original, or the revision that came back. The sample is taken before any
# payload is read, so that a large cause costs no more than a small one.
_BODIES = sql.SQL("""
WITH picked AS (
    SELECT message_id, revision FROM dead_letters.messages WHERE {chosen}
    ORDER BY failed_at DESC, message_id DESC LIMIT %(sample)s
)
SELECT coalesce(r.body, p.body) FROM picked AS m
JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.revisions AS r ON r.message_id = m.message_id AND r.number = m.revision
WHERE octet_length(coalesce(r.body, p.body)) <= %(bytes)s
""")
_FAILING = sql.SQL("state NOT IN ('resolved', 'discarded', 'purged') AND fingerprint = %(fingerprint)s")
_RESOLVED = sql.SQL("state = 'resolved' AND routing_key = %(queue)s")
_OTHERS = sql.SQL(
    "state NOT IN ('resolved', 'discarded', 'purged') AND fingerprint <> %(fingerprint)s "
    "AND routing_key = %(queue)s"
)


class Contrasts:
    """Reads on the operations database; psycopg errors pass, QueryCanceled when it takes too long."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, fingerprint: str) -> Contrast:
        """NotFoundError when no letter ever had this cause."""
        arguments: dict[str, Any] = {"fingerprint": fingerprint, "sample": SAMPLE, "bytes": MOST_BYTES}
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute(f"SET LOCAL statement_timeout = {_MILLISECONDS}")
            found = await (await connection.execute(_QUEUE, arguments)).fetchone()
            if found is None:
                raise NotFoundError(f"There is no cause {fingerprint[:200]}.")
            arguments["queue"] = found[0]
            failing = await _readings(connection, _FAILING, arguments)
            basis, others = ContrastBasis.RESOLVED, await _readings(connection, _RESOLVED, arguments)
            if len(others) < ENOUGH:
                basis, others = ContrastBasis.OTHER_CAUSES, await _readings(connection, _OTHERS, arguments)
        fields = await asyncio.to_thread(contrast, failing, others)
        return Contrast(
            fingerprint=fingerprint,
            basis=basis,
            failing=len(failing),
            others=len(others),
            fields=fields,
            is_enough=min(len(failing), len(others)) >= ENOUGH,
        )


async def _readings(connection: Connection, chosen: sql.SQL, arguments: dict[str, Any]) -> list[Reading]:
    rows = await (await connection.execute(_BODIES.format(chosen=chosen), arguments)).fetchall()
    return await asyncio.to_thread(_read, [bytes(row[0]) for row in rows])


def _read(bodies: list[bytes]) -> list[Reading]:
    return [reading for body in bodies if (reading := read_payload(body)) is not None]

"""Recognises a message that was delivered before, so that nothing is done twice."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from backend.contracts.enrichment import EnrichmentStatus

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
# A request that was given up as interrupted left nothing behind: its message is worked on afresh.
_EARLIER = """
SELECT id, status, dead_letter_id, error_type, errors FROM enrichment_requests
WHERE message_id = %s AND NOT (status = 'failed' AND dead_letter_id IS NULL)
ORDER BY received_at DESC LIMIT 1
"""
_STATE = """
SELECT id, status, dead_letter_id, error_type, errors FROM enrichment_requests WHERE id = %s FOR UPDATE
"""


@dataclass(frozen=True)
class Earlier:
    """The request that an earlier delivery of a message made."""

    request_id: UUID
    status: EnrichmentStatus | None
    """How it ended; none when it was not finished: its worker died, or works on it now."""
    dead_letter_id: str | None
    failure: tuple[str, str] | None
    """Error type and text, if it failed."""


class AlreadyFinishedError(Exception):
    """Another worker has finished the same message; nothing of this attempt may be written."""


async def earlier_request(connection: Connection, message_key: str) -> Earlier | None:
    """What became of earlier deliveries. Nobody else can ask about this message in the meantime."""
    await connection.execute(_TURN, (message_key,))
    return _read(await (await connection.execute(_EARLIER, (message_key,))).fetchone())


async def refuse_finished(connection: Connection, request_id: UUID) -> None:
    """Hold the request's row; AlreadyFinishedError when it is finished."""
    found = _read(await (await connection.execute(_STATE, (request_id,))).fetchone())
    if found is not None and found.status is not None:
        raise AlreadyFinishedError(f"request {request_id} is {found.status} already")


def _read(row: tuple[Any, ...] | None) -> Earlier | None:
    if row is None:
        return None
    request_id, status, dead_letter_id, error_type, errors = row
    ended = None if status == "in_progress" else EnrichmentStatus(status)
    failure = (error_type, "; ".join(errors)) if ended is EnrichmentStatus.FAILED else None
    return Earlier(request_id, ended, dead_letter_id, failure)

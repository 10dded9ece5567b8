"""Takes failed messages off the dead-letter queue into the database: commit first, then acknowledge."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from backend.contracts.dead_letters import DeadLetterState
from backend.messaging.port import WITHOUT_ID
from backend.services.common.database import Pool
from backend.services.dlq_manager import item_outcomes
from backend.services.dlq_manager.arrivals import Arrival
from backend.services.dlq_manager.business_key import business_key
from backend.services.dlq_manager.fingerprint import VERSION as FINGERPRINT_VERSION
from backend.services.dlq_manager.intake_batch import keep_new
from backend.services.dlq_manager.item_outcomes import Ended
from backend.services.dlq_manager.loop_rules import hopeless
from backend.services.dlq_manager.transitions import Act, change, hold, note

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_ACTOR = "intake"

_INSERT = """
INSERT INTO dead_letters.messages (message_id, state, generation, routing_key, correlation_id,
    source_service, provider, error_type, error_message, stack_trace, fingerprint, fingerprint_version,
    metadata, reason, outcome_class, place, trace_id, artist, title, business_key, first_failed_at, failed_at)
VALUES (%(id)s, %(state)s, %(generation)s, %(routing_key)s, %(correlation)s, %(source)s, %(provider)s,
    %(error_type)s, %(error_message)s, %(stack)s, %(fingerprint)s, %(fingerprint_version)s, %(metadata)s,
    %(quarantine)s, %(outcome)s, %(place)s, %(trace)s, %(artist)s, %(title)s, %(business_key)s, %(failed_at)s,
    %(failed_at)s)
ON CONFLICT (message_id) DO NOTHING
"""
_PAYLOAD = """
INSERT INTO dead_letters.payloads (message_id, body, sha256, content_type, headers)
VALUES (%s, %s, %s, %s, %s)
"""
_ATTEMPT = """
INSERT INTO dead_letters.attempts (message_id, generation, error_type, error_message, stack_trace, provider,
    fingerprint, failed_at, outcome_class, place)
VALUES (%(id)s, %(generation)s, %(error_type)s, %(error_message)s, %(stack)s, %(provider)s, %(fingerprint)s,
    %(failed_at)s, %(outcome)s, %(place)s)
ON CONFLICT (message_id, generation) DO NOTHING
"""
_RETURNED = """
UPDATE dead_letters.messages SET version = version + 1, retry_count = retry_count + 1,
    provider = %(provider)s, outcome_class = %(outcome)s, place = %(place)s,
    error_type = %(error_type)s, error_message = %(error_message)s,
    stack_trace = %(stack)s, fingerprint = %(fingerprint)s,
    fingerprint_version = %(fingerprint_version)s, metadata = %(metadata)s,
    failed_at = greatest(failed_at, %(failed_at)s)
WHERE message_id = %(id)s
"""
_LOCK = "SELECT FROM dead_letters.messages WHERE message_id = ANY(%s) ORDER BY message_id FOR UPDATE"
_SAME_BYTES = "SELECT sha256 = %s FROM dead_letters.payloads WHERE message_id = %s"
# A message that came without an id is known by its bytes alone, and only when it is delivered again: then an
# earlier delivery may have been stored and not acknowledged. Rows of this transaction are others.
_SAME_WITHOUT_ID = f"""
SELECT m.message_id FROM dead_letters.messages AS m JOIN dead_letters.payloads AS p USING (message_id)
WHERE m.message_id LIKE '{WITHOUT_ID}%%' AND p.sha256 = %s AND m.received_at < transaction_timestamp()
    AND m.received_at > clock_timestamp() - interval '1 hour'
ORDER BY m.received_at DESC LIMIT 1
"""  # noqa: S608 - a constant
_KNOWN = "SELECT message_id FROM dead_letters.messages WHERE message_id = ANY(%s)"
_AWAITED = frozenset({DeadLetterState.PUBLISHING, DeadLetterState.IN_FLIGHT, DeadLetterState.RESOLVED})


class Taken(StrEnum):
    """What an arrival turned out to be."""

    NEW = "new"
    RETURNED = "returned"
    DUPLICATE = "duplicate"


class Intake:
    """Stores arrivals; the same delivery twice leaves one trace."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, arrival: Arrival) -> Taken:
        """Store one arrival in one transaction. A psycopg error means: do not acknowledge."""
        async with self._pool.connection() as connection:
            return await _take(connection, arrival)

    async def take_all(self, arrivals: Sequence[Arrival]) -> list[Taken]:
        """Store arrivals in one transaction, all or none. A psycopg error means: acknowledge none of them."""
        async with self._pool.connection() as connection:
            # In one order, whatever order they came in, so that no two transactions wait for each other.
            await connection.execute(_LOCK, ([one.message_id for one in arrivals if one.generation],))
            fresh = await _fresh(connection, arrivals)
            kept: set[str] = set()
            if fresh:
                rows = [_row(one.message_id, one) for one in fresh]
                kept = await keep_new(connection, rows, fresh, _ACTOR)
            plain = {id(one) for one in fresh if one.message_id in kept}
            # In their order: a letter and its return may lie in one batch.
            return [Taken.NEW if id(one) in plain else await _take(connection, one) for one in arrivals]


async def _fresh(connection: Connection, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Those that are new beyond doubt: never sent again, of an id that nobody has."""
    first = {
        one.message_id: one for one in reversed(arrivals) if not one.generation and not one.is_known_by_bytes
    }
    returned = {one.message_id for one in arrivals if one.generation}
    cursor = await connection.execute(_KNOWN, (list(first),))
    known = {row[0] for row in await cursor.fetchall()}
    return [one for name, one in first.items() if name not in known and name not in returned]


async def _take(connection: Connection, arrival: Arrival) -> Taken:
    row = _row(await _identity(connection, arrival), arrival)
    cursor = await connection.execute(_INSERT, row)
    if cursor.rowcount == 1:
        await _keep_new(connection, row, arrival)
        return Taken.NEW
    attempt = await connection.execute(_ATTEMPT, row)
    if attempt.rowcount == 0:
        return Taken.DUPLICATE
    return await _take_back(connection, row, arrival)


async def _identity(connection: Connection, arrival: Arrival) -> str:
    """The message's id; with part of its digest when another message already has that id.

    When unsure whether two messages are the same, both are kept: a duplicate is seen, a loss is not.
    """
    if arrival.generation:
        return arrival.message_id
    if arrival.is_known_by_bytes:
        cursor = await connection.execute(_SAME_WITHOUT_ID.encode(), (arrival.sha256,))
        same = await cursor.fetchone()
        return arrival.message_id if same is None else str(same[0])
    cursor = await connection.execute(_SAME_BYTES, (arrival.sha256, arrival.message_id))
    known = await cursor.fetchone()
    return (
        arrival.message_id
        if known is None or known[0]
        else f"{arrival.message_id}~{arrival.sha256.hex()[:12]}"
    )


async def _keep_new(connection: Connection, row: dict[str, Any], arrival: Arrival) -> None:
    message = arrival.message
    original = (row["id"], message.body, arrival.sha256, message.content_type, Jsonb(dict(message.headers)))
    await connection.execute(_PAYLOAD, original)
    await connection.execute(_ATTEMPT, row)
    if (held := await hold(connection, row["id"])) is not None:
        await note(connection, held, Act("received", _ACTOR, arrival.quarantine))


async def _take_back(connection: Connection, row: dict[str, Any], arrival: Arrival) -> Taken:
    held = await hold(connection, row["id"])
    if held is None or held.generation != arrival.generation or held.state not in _AWAITED:
        if held is not None:
            await note(connection, held, Act("failure of an older sending", _ACTOR))
        return Taken.DUPLICATE
    await connection.execute(_RETURNED, row)
    ended = Ended(held.message_id, held.generation, arrival.fingerprint, arrival.report.error_message)
    await item_outcomes.returned(connection, [ended])
    updated = replace(held, version=held.version + 1, fingerprint=arrival.fingerprint)
    failed = await change(connection, updated, DeadLetterState.FAILED, Act("returned", _ACTOR))
    if reason := arrival.quarantine or await hopeless(connection, failed):
        await change(connection, failed, DeadLetterState.QUARANTINED, Act("quarantined", _ACTOR, reason))
    return Taken.RETURNED


def _row(message_id: str, arrival: Arrival) -> dict[str, Any]:
    report, about = arrival.report, arrival.about
    return {
        "id": message_id,
        "state": (DeadLetterState.QUARANTINED if arrival.quarantine else DeadLetterState.FAILED).value,
        "generation": arrival.generation,
        "routing_key": report.routing_key,
        "correlation": arrival.message.correlation_id,
        "source": report.source_service,
        "provider": report.provider,
        "error_type": report.error_type,
        "error_message": report.error_message,
        "stack": report.stack_trace,
        "fingerprint": arrival.fingerprint,
        "fingerprint_version": FINGERPRINT_VERSION,
        "metadata": Jsonb(report.metadata),
        "quarantine": arrival.quarantine,
        "outcome": report.outcome_class,
        "place": report.place,
        "trace": report.trace_id or arrival.message.correlation_id,
        "artist": about.artist,
        "title": about.title,
        "business_key": business_key(about.track_id, about.artist, about.title),
        "failed_at": report.failed_at,
    }

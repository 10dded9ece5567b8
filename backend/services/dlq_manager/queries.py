"""Reads dead letters: lists, one with its history, groups, figures. psycopg errors pass through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.dead_letters import (
    OPEN_STATES,
    PENDING_STATES,
    AuditEntry,
    DeadLetter,
    DeadLetterDetail,
    DeadLetterState,
    DeadLetterStats,
    ErrorGroup,
)
from backend.messaging.port import Broker
from backend.messaging.topology import QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.arrivals import shown_payload
from backend.services.dlq_manager.paging import Cursor

_ROW: LiteralString = """
SELECT m.*, m.failed_at AS timestamp, p.body, encode(p.sha256, 'hex') AS payload_sha256
FROM dead_letters.messages AS m JOIN dead_letters.payloads AS p USING (message_id)
"""
_LIST: LiteralString = (
    _ROW
    + """
WHERE state = ANY(%(states)s) AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
    AND (%(after)s::timestamptz IS NULL OR (m.failed_at, m.message_id) < (%(after)s, %(after_id)s))
ORDER BY m.failed_at DESC, m.message_id DESC LIMIT %(limit)s OFFSET %(offset)s
"""
)
_ONE: LiteralString = _ROW + " WHERE message_id = %s"
_HISTORY: LiteralString = """
SELECT action, actor, reason, from_state, to_state, version, happened_at
FROM dead_letters.audit WHERE message_id = %s ORDER BY id
"""
_GROUPS: LiteralString = """
SELECT fingerprint, error_type, provider, count(*) AS count, min(first_failed_at) AS first_seen,
    max(failed_at) AS last_seen, (array_agg(error_message ORDER BY failed_at DESC))[1] AS sample_message,
    (array_agg(message_id ORDER BY failed_at DESC))[1:5] AS sample_messages
FROM dead_letters.messages WHERE state = ANY(%s)
GROUP BY fingerprint, error_type, provider ORDER BY count DESC, last_seen DESC LIMIT 500
"""
_TALLIED: LiteralString = """
WITH tallied AS (
    SELECT fingerprint, state, sum(count)::bigint AS count FROM (
        SELECT fingerprint, state, count FROM dead_letters.cause_tally
        UNION ALL SELECT fingerprint, state, change FROM dead_letters.deltas
    ) AS t GROUP BY 1, 2
)
"""
_STATES: LiteralString = (
    _TALLIED
    + """
SELECT state AS name, sum(count)::bigint AS count FROM tallied GROUP BY 1
"""
)
_ERROR_TYPES: LiteralString = (
    _TALLIED
    + """
SELECT error_type AS name, sum(count)::bigint AS count
FROM tallied JOIN dead_letters.causes USING (fingerprint)
WHERE state = ANY(%s) GROUP BY 1 HAVING sum(count) > 0
"""
)
_SERVICES: LiteralString = (
    _TALLIED
    + """
SELECT source_service AS name, sum(count)::bigint AS count
FROM tallied JOIN dead_letters.causes USING (fingerprint)
WHERE state = ANY(%s) GROUP BY 1 HAVING sum(count) > 0
"""
)
# Both ends of an index over what is open: a minimum over all rows would read them all.
_AGES: LiteralString = """
SELECT extract(epoch FROM clock_timestamp() - (
        SELECT first_failed_at FROM dead_letters.messages
        WHERE state NOT IN ('resolved', 'discarded', 'purged') AND state = ANY(%(states)s)
        ORDER BY failed_at, message_id LIMIT 1
    ))::float AS oldest,
    extract(epoch FROM clock_timestamp() - (
        SELECT failed_at FROM dead_letters.messages
        WHERE state NOT IN ('resolved', 'discarded', 'purged') AND state = ANY(%(states)s)
        ORDER BY failed_at DESC, message_id DESC LIMIT 1
    ))::float AS newest,
    (SELECT count(*) FROM dead_letters.outbox WHERE finished_at IS NOT NULL AND error = '') AS replayed
"""


@dataclass(frozen=True)
class Selection:
    """Which dead letters to list. `offset` is for old callers; a cursor costs the same anywhere."""

    states: tuple[DeadLetterState, ...] = OPEN_STATES
    fingerprint: str | None = None
    after: Cursor | None = None
    limit: int = 100
    offset: int = 0


class Queries:
    """Reads on the operations database, and the depths of the queues."""

    def __init__(self, pool: Pool, broker: Broker) -> None:
        self._pool = pool
        self._broker = broker

    async def listed(self, wanted: Selection) -> list[DeadLetter]:
        """Newest failure first."""
        arguments = {
            "states": [state.value for state in wanted.states],
            "fingerprint": wanted.fingerprint,
            "after": wanted.after.failed_at if wanted.after else None,
            "after_id": wanted.after.message_id if wanted.after else None,
            "limit": wanted.limit,
            "offset": wanted.offset,
        }
        return [_dead_letter(row) for row in await self._rows(_LIST, arguments)]

    async def one(self, message_id: str) -> DeadLetterDetail | None:
        """A dead letter with everything that was done to it; none when there is no such one."""
        rows = await self._rows(_ONE, (message_id,))
        if not rows:
            return None
        history = await self._rows(_HISTORY, (message_id,))
        known = _dead_letter(rows[0]).model_dump()
        return DeadLetterDetail(
            **known,
            generation=rows[0]["generation"],
            proof=rows[0]["proof"],
            payload_sha256=rows[0]["payload_sha256"],
            audit=[AuditEntry.model_validate(entry) for entry in history],
        )

    async def groups(self) -> list[ErrorGroup]:
        """Pending dead letters by the way they failed, largest group first."""
        rows = await self._rows(_GROUPS, (_values(PENDING_STATES),))
        return [ErrorGroup.model_validate(row) for row in rows]

    async def stats(self) -> DeadLetterStats:
        """Figures over all dead letters. BrokerError when the depths cannot be read."""
        pending = (_values(PENDING_STATES),)
        states = _counts(await self._rows(_STATES))
        ages = (await self._rows(_AGES, {"states": pending[0]}))[0]
        return DeadLetterStats(
            total_pending=sum(states.get(state.value, 0) for state in PENDING_STATES),
            total_messages=sum(states.values()),
            total_in_flight=states.get("in_flight", 0) + states.get("publishing", 0),
            total_replayed=ages["replayed"],
            total_resolved=states.get("resolved", 0),
            total_discarded=states.get("discarded", 0),
            by_state={state.value: states.get(state.value, 0) for state in DeadLetterState},
            by_error_type=_counts(await self._rows(_ERROR_TYPES, pending)),
            by_service=_counts(await self._rows(_SERVICES, pending)),
            oldest_message_age_seconds=ages["oldest"],
            newest_message_age_seconds=ages["newest"],
            queue_stats={queue.name: await self._broker.depth(queue.name) for queue in QUEUES},
        )

    async def _rows(
        self, statement: LiteralString, arguments: tuple[Any, ...] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute(statement, arguments)).fetchall()


def _dead_letter(row: dict[str, Any]) -> DeadLetter:
    return DeadLetter.model_validate({**row, "payload": shown_payload(bytes(row["body"]))})


def _counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["name"]: row["count"] for row in rows}


def _values(states: tuple[DeadLetterState, ...]) -> list[str]:
    return [state.value for state in states]

"""Reads operations with their progress."""

from collections.abc import Sequence
from datetime import datetime
from math import sqrt
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from backend.contracts.dead_letter_operations import (
    CanaryResult,
    ItemOutcome,
    Operation,
    OperationItem,
    OperationItemPage,
    OperationState,
    Share,
)
from backend.services.common.database import Pool
from backend.services.dlq_manager.consent import needs_typed_count
from backend.services.dlq_manager.transitions import Connection

ITEMS_A_PAGE = 500
_PACE_SECONDS = 10
_CONFIDENT = 1.96

_READ: LiteralString = """
SELECT o.*, (
    SELECT u.id FROM dead_letters.operations AS u WHERE u.undoes = o.id AND u.state <> 'cancelled'
    ORDER BY u.created_at DESC LIMIT 1
) AS undone_by
FROM dead_letters.operations AS o
"""
_ONE: LiteralString = _READ + " WHERE o.id = ANY(%s)"
_NEWEST: LiteralString = _READ + " ORDER BY o.created_at DESC LIMIT %s"
_CHANGED: LiteralString = _READ + " WHERE o.finished_at IS NULL OR o.finished_at >= %s ORDER BY o.created_at"
_COUNTS: LiteralString = """
SELECT operation_id, outcome, is_canary, count(*) AS count,
    count(*) FILTER (
        WHERE outcome IN ('sent', 'returned', 'resolved', 'done')
            AND changed_at > clock_timestamp() - make_interval(secs => %(pace)s)
    ) AS lately
FROM dead_letters.operation_items WHERE operation_id = ANY(%(ids)s) GROUP BY 1, 2, 3
"""
_RETURNED: LiteralString = """
SELECT i.operation_id, coalesce(c.sample_message, i.detail) AS name, count(*) AS count
FROM dead_letters.operation_items AS i LEFT JOIN dead_letters.causes AS c USING (fingerprint)
WHERE i.operation_id = ANY(%(ids)s) AND i.is_canary AND i.outcome = 'returned' GROUP BY 1, 2 ORDER BY 3 DESC
"""
_ITEMS: LiteralString = """
SELECT position, message_id, is_canary, outcome, detail, changed_at FROM dead_letters.operation_items
WHERE operation_id = %(id)s AND position > %(after)s AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY position LIMIT %(limit)s
"""
_BACK = (ItemOutcome.RESOLVED.value, ItemOutcome.RETURNED.value)
_LEFT = (ItemOutcome.PENDING.value, ItemOutcome.CLAIMED.value)


class OperationReadings:
    """Reads on the operations database. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def one(self, operation_id: UUID) -> Operation | None:
        """The operation as it is; none when there is no such one."""
        found = await self._read(_ONE, ([operation_id],))
        return found[0] if found else None

    async def newest(self, limit: int) -> list[Operation]:
        """Newest first."""
        return await self._read(_NEWEST, (limit,))

    async def at_work(self, finished_since: datetime) -> list[Operation]:
        """Those that are not over, and those that ended since."""
        return await self._read(_CHANGED, (finished_since,))

    async def items(self, operation_id: UUID, outcome: ItemOutcome | None, after: int) -> OperationItemPage:
        """Members after a position, in their order."""
        wanted = {
            "id": operation_id,
            "after": after,
            "outcome": None if outcome is None else outcome.value,
            "limit": ITEMS_A_PAGE,
        }
        async with self._pool.connection() as connection:
            rows = await _rows(connection, _ITEMS, wanted)
        items = [OperationItem.model_validate(row) for row in rows]
        return OperationItemPage(
            items=items, after=items[-1].position if len(items) == ITEMS_A_PAGE else None
        )

    async def _read(self, statement: LiteralString, arguments: Any) -> list[Operation]:
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = await _rows(connection, statement, arguments)
            if not found:
                return []
            wanted = {"ids": [row["id"] for row in found], "pace": _PACE_SECONDS}
            counts = await _rows(connection, _COUNTS, wanted)
            returned = await _rows(connection, _RETURNED, wanted)
        return [_operation(row, _of(row, counts), _of(row, returned)) for row in found]


def _of(operation: dict[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["operation_id"] == operation["id"]]


def _operation(
    row: dict[str, Any], counted: list[dict[str, Any]], returned: list[dict[str, Any]]
) -> Operation:
    counts = {outcome.value: 0 for outcome in ItemOutcome}
    for one in counted:
        counts[one["outcome"]] += one["count"]
    if row["state"] == OperationState.CANCELLED.value:
        # Nothing pending of it is ever sent; the rows of a large one follow within seconds.
        counts["cancelled"] += counts["pending"]
        counts["pending"] = 0
    lately = sum(one["lately"] for one in counted) / _PACE_SECONDS
    is_active = row["state"] in {OperationState.RUNNING.value, OperationState.CANARY.value}
    left = sum(counts[outcome] for outcome in _LEFT)
    return Operation.model_validate(
        {
            **row,
            "id": str(row["id"]),
            "undoes": None if row["undoes"] is None else str(row["undoes"]),
            "undone_by": None if row["undone_by"] is None else str(row["undone_by"]),
            "counts": counts,
            "canary": _canary([one for one in counted if one["is_canary"]], returned),
            "per_second_now": lately or None if is_active else None,
            "seconds_left": left / lately if is_active and lately else None,
            "needs_typed_count": needs_typed_count(row["total"], None),
        }
    )


def _canary(counted: list[dict[str, Any]], returned: list[dict[str, Any]]) -> CanaryResult | None:
    size = sum(one["count"] for one in counted)
    if not size:
        return None
    resolved, failed = (
        sum(one["count"] for one in counted if one["outcome"] == outcome) for outcome in _BACK
    )
    outstanding = sum(one["count"] for one in counted if one["outcome"] in {*_LEFT, "sent"})
    low, high = wilson(resolved, resolved + failed)
    return CanaryResult(
        size=size,
        resolved=resolved,
        returned=failed,
        outstanding=outstanding,
        predicted=resolved / (resolved + failed) if resolved + failed else None,
        low=low,
        high=high,
        returned_by_cause=[Share(name=one["name"][:200], count=one["count"]) for one in returned],
    )


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """The 95 % score interval of a share (Wilson 1927); none without trials."""
    if not trials:
        return None, None
    share, square = successes / trials, _CONFIDENT**2
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = _CONFIDENT * sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


async def _rows(connection: Connection, statement: LiteralString, arguments: Any) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, arguments)).fetchall()

"""Where an operation stands: what is outstanding, whether the tripwire is hit, how the sample did."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from backend.services.dlq_manager.operation_changes import HeldOperation
from backend.services.dlq_manager.transitions import Connection

_COUNT: LiteralString = """
SELECT count(*) FILTER (WHERE outcome = 'pending' AND (is_canary OR NOT %(canary)s)),
    count(*) FILTER (WHERE outcome IN ('claimed', 'sent'))
FROM (
    (SELECT outcome, is_canary FROM dead_letters.operation_items
        WHERE operation_id = %(id)s AND outcome IN ('claimed', 'sent') LIMIT %(most)s)
    UNION ALL
    (SELECT outcome, is_canary FROM dead_letters.operation_items
        WHERE operation_id = %(id)s AND outcome = 'pending' AND (is_canary OR NOT %(canary)s) LIMIT 1)
) AS i
"""
_TRIPPED: LiteralString = """
SELECT l.fingerprint, count(*), min(c.sample_message) FROM (
    SELECT fingerprint, outcome FROM dead_letters.operation_items
    WHERE operation_id = %(id)s AND outcome IN ('returned', 'resolved')
        AND changed_at > coalesce(%(since)s, '-infinity'::timestamptz)
    ORDER BY changed_at DESC LIMIT %(window)s
) AS l LEFT JOIN dead_letters.causes AS c USING (fingerprint)
WHERE l.outcome = 'returned' GROUP BY 1 HAVING count(*) >= %(limit)s ORDER BY 2 DESC LIMIT 1
"""
_RESUMED: LiteralString = """
SELECT max(happened_at) FROM dead_letters.operation_audit
WHERE operation_id = %s AND action IN ('resume', 'accept')
"""
_LET_GO_ON: LiteralString = """
SELECT max(happened_at) FROM dead_letters.operation_audit WHERE operation_id = %s AND action = 'resume'
"""
_CANARY_LEFT: LiteralString = """
SELECT EXISTS (
    SELECT FROM dead_letters.operation_items
    WHERE operation_id = %s AND is_canary AND outcome IN ('pending', 'claimed', 'sent')
)
"""
_CANARY: LiteralString = """
SELECT count(*) FILTER (WHERE outcome = 'resolved'), count(*) FILTER (WHERE outcome = 'returned')
FROM dead_letters.operation_items WHERE operation_id = %s AND is_canary
"""


@dataclass(frozen=True)
class Progress:
    """What is left of an operation, of its sample while that is sent."""

    has_pending: bool
    in_flight: int
    """Members whose outcome is not known, up to the window."""

    @property
    def is_done(self) -> bool:
        """Every member has its end."""
        return not self.has_pending and not self.in_flight


async def progress(connection: Connection, held: HeldOperation, *, canary: bool, most: int) -> Progress:
    """Count what is outstanding, up to `most`."""
    arguments = {"id": held.id, "canary": canary, "most": most}
    row = await (await connection.execute(_COUNT, arguments)).fetchone()
    pending, in_flight = row or (0, 0)
    return Progress(bool(pending), in_flight)


async def tripped(connection: Connection, held: HeldOperation) -> str:
    """Why it has to pause: too many of its last members returned with one failure; empty when not.

    What came back before an operator let it go on counts no more.
    """
    resumed = await (await connection.execute(_RESUMED, (held.id,))).fetchone()
    arguments = {
        "id": held.id,
        "since": None if resumed is None else resumed[0],
        "window": held.options.tripwire_window,
        "limit": held.options.tripwire_limit,
    }
    row = await (await connection.execute(_TRIPPED, arguments)).fetchone()
    if row is None:
        return ""
    _, count, sample = row
    told = f": {sample[:200]}" if sample else "."
    return f"{count} of the last {held.options.tripwire_window} came back with the same failure{told}"


async def resumed_at(connection: Connection, held: HeldOperation) -> datetime | None:
    """When an operator last let it go on after a pause."""
    row = await (await connection.execute(_LET_GO_ON, (held.id,))).fetchone()
    return None if row is None else row[0]


async def is_sample_left(connection: Connection, held: HeldOperation) -> bool:
    """Whether some of its sample has no outcome yet."""
    return await (await connection.execute(_CANARY_LEFT, (held.id,))).fetchone() == (True,)


async def canary_share(connection: Connection, held: HeldOperation) -> float | None:
    """Share of the sample that was resolved; none when nothing of it came back."""
    row = await (await connection.execute(_CANARY, (held.id,))).fetchone()
    resolved, returned = row or (0, 0)
    return resolved / (resolved + returned) if resolved + returned else None

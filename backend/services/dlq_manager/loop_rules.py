"""When a letter comes back so often that sending it again is hopeless: rules L1, L3 and L4.

They see plain returns alone: of what would be sent now, at times when nothing was known to be wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from backend.services.dlq_manager.transitions import Connection, Held

BOUNCES = 3
"""So many returns, and it is quarantined. One faster than half of all successes counts double."""
_ENOUGH = 20
"""Successes from which the usual time is known; with fewer no return counts as fast."""

# Neither an edit nor an outage makes a letter hopeless. Without a provider to blame alone, any outage is one.
_RETURNS: LiteralString = """
SELECT a.fingerprint, a.generation > 0 AS is_return,
    coalesce(extract(epoch FROM a.recorded_at - o.finished_at)::float, 0) AS seconds
FROM dead_letters.attempts AS a
JOIN dead_letters.messages AS m USING (message_id)
LEFT JOIN dead_letters.outbox AS o ON o.message_id = a.message_id AND o.generation = a.generation
WHERE a.message_id = %s AND (
        a.generation = 0 OR o.id IS NOT NULL AND o.revision IS NOT DISTINCT FROM m.revision
    )
    AND NOT EXISTS (
        SELECT FROM dead_letters.intervals AS i
        WHERE a.failed_at BETWEEN i.started_at AND coalesce(i.ended_at, 'infinity')
            AND (i.kind = 'deployment' OR i.subject = coalesce(a.provider, i.subject))
    )
ORDER BY a.generation
"""
_USUAL: LiteralString = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), count(*) FROM (
    SELECT extract(epoch FROM i.changed_at - o.finished_at)::float AS seconds
    FROM dead_letters.outbox AS o
    JOIN dead_letters.operation_items AS i
        ON i.operation_id = o.operation_id AND i.message_id = o.message_id AND i.generation = o.generation
    WHERE o.finished_at IS NOT NULL AND o.error = '' AND i.outcome = 'resolved'
    ORDER BY o.id DESC LIMIT 200
) AS lately
"""


@dataclass(frozen=True)
class Failure:
    """One plain failure of a letter, the first one included."""

    fingerprint: str
    is_return: bool = True
    seconds: float = 0.0
    """From its sending until it was back."""


async def hopeless(connection: Connection, held: Held) -> str:
    """Why the letter that has just come back is not to be sent again unchanged; empty when it may be."""
    rows = await (await connection.execute(_RETURNS, (held.message_id,))).fetchall()
    failures = [Failure(*row) for row in rows]
    if sum(failure.is_return for failure in failures) * 2 < BOUNCES:
        return ""
    row = await (await connection.execute(_USUAL)).fetchone()
    usual = float(row[0]) if row is not None and row[1] >= _ENOUGH else None
    return judge(failures, held.fingerprint, usual)


def judge(failures: Sequence[Failure], fingerprint: str, usual: float | None) -> str:
    """The same over plain failures, oldest first, the last one with this fingerprint.

    `usual` is the median of seconds that a success takes; none: not known.
    """
    names = [failure.fingerprint for failure in failures]
    counted = {fingerprint}
    if len(names) >= 3 and names[-1] == names[-3] != names[-2]:
        counted.add(names[-2])
    returns = [one for one in failures if one.is_return and one.fingerprint in counted]
    fast = [one for one in returns if usual is not None and one.seconds < usual]
    if len(returns) + len(fast) < BOUNCES:
        return ""
    told = f"came back {len(returns)} times with the same failure"
    if len(counted) > 1:
        told = f"came back {len(returns)} times, with one failure and another by turns"
    return f"{told}, {len(fast)} of them faster than it can have been tried" if fast else told

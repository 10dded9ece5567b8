"""Counts the letters of simple selections from the tallies, so that a million costs what a hundred does."""

from collections import Counter
from typing import Any, LiteralString

from psycopg import sql

from backend.contracts.dead_letter_views import Selection
from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.selection_counts import AGE, Counts
from backend.services.dlq_manager.transitions import Connection

# Tally and changes that are not folded yet, in one statement: the truth of one moment.
_BY_CAUSE: LiteralString = """
SELECT t.state, t.fingerprint, c.provider, sum(t.count)::bigint
FROM (
    SELECT fingerprint, state, count FROM dead_letters.cause_tally
    UNION ALL SELECT fingerprint, state, change FROM dead_letters.deltas
) AS t JOIN dead_letters.causes AS c USING (fingerprint)
WHERE t.state = ANY(%(states)s) AND (%(fingerprint)s::text IS NULL OR t.fingerprint = %(fingerprint)s)
GROUP BY 1, 2, 3
"""
_BY_TIME: LiteralString = """
SELECT t.state, t.fingerprint, c.provider, sum(t.count)::bigint
FROM (
    SELECT minute, fingerprint, state, count FROM dead_letters.minute_tally
    UNION ALL SELECT minute, fingerprint, state, change FROM dead_letters.deltas
) AS t JOIN dead_letters.causes AS c USING (fingerprint)
WHERE t.state = ANY(%(states)s) AND (%(fingerprint)s::text IS NULL OR t.fingerprint = %(fingerprint)s)
    AND (%(from)s::timestamptz IS NULL OR t.minute >= date_trunc('minute', %(from)s::timestamptz))
    AND (%(until)s::timestamptz IS NULL OR t.minute < %(until)s)
GROUP BY 1, 2, 3
"""
_AGES = sql.SQL("""
SELECT t.state, {age} AS age, sum(t.count)::bigint
FROM (
    SELECT hour AS at, fingerprint, state, count FROM dead_letters.hour_tally
    UNION ALL SELECT date_trunc('hour', minute), fingerprint, state, change FROM dead_letters.deltas
) AS t
WHERE t.state = ANY(%(states)s) AND (%(fingerprint)s::text IS NULL OR t.fingerprint = %(fingerprint)s)
GROUP BY 1, 2
""").format(age=sql.SQL(AGE).format(at=sql.SQL("t.at")))
# A time that is given may begin and end within an hour.
_AGES_BY_TIME = sql.SQL("""
SELECT t.state, {age} AS age, sum(t.count)::bigint
FROM (
    SELECT minute AS at, fingerprint, state, count FROM dead_letters.minute_tally
    UNION ALL SELECT minute, fingerprint, state, change FROM dead_letters.deltas
) AS t
WHERE t.state = ANY(%(states)s) AND (%(fingerprint)s::text IS NULL OR t.fingerprint = %(fingerprint)s)
    AND (%(from)s::timestamptz IS NULL OR t.at >= date_trunc('minute', %(from)s::timestamptz))
    AND (%(until)s::timestamptz IS NULL OR t.at < %(until)s)
GROUP BY 1, 2
""").format(age=sql.SQL(AGE).format(at=sql.SQL("t.at")))


def can_tally(selection: Selection) -> bool:
    """Whether the tallies know: by state, cause and time they do, by content they do not."""
    by_content = selection.query.strip() or selection.message_ids is not None or selection.operation_id
    return not by_content and not selection.except_ids


def is_even(selection: Selection) -> bool:
    """Whether its times are whole minutes, so that the tallies are exact."""
    times = (selection.failed_from, selection.failed_until)
    return all(at is None or (at.second, at.microsecond) == (0, 0) for at in times)


async def count_tallies(connection: Connection, selection: Selection) -> Counts:
    """By the minute: exact when `is_even`, else with the whole minutes at both ends. Ages go by the hour."""
    arguments: dict[str, Any] = {
        "states": [state.value for state in selection.states],
        "fingerprint": selection.fingerprint,
        "from": selection.failed_from,
        "until": selection.failed_until,
    }
    timed = selection.failed_from is not None or selection.failed_until is not None
    counts = Counts(exact=is_even(selection))
    rows = await (await connection.execute(_BY_TIME if timed else _BY_CAUSE, arguments)).fetchall()
    for state, cause, provider, count in rows:
        if count:
            counts.add(state, cause, provider, None, count)
    ages = await (await connection.execute(_AGES_BY_TIME if timed else _AGES, arguments)).fetchall()
    counts.ages = Counter({(DeadLetterState(state), age): count for state, age, count in ages if count})
    return counts

"""Pages of the table: by keyset, never by an offset, so that every depth costs the same."""

from datetime import datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from backend.contracts.dead_letter_views import LetterPage, LetterRow, PageRequest, Selection
from backend.services.common.database import Pool
from backend.services.dlq_manager.paging import Cursor, CursorError, decode
from backend.services.dlq_manager.query_sql import STALE
from backend.services.dlq_manager.refusals import RefusedError
from backend.services.dlq_manager.selection_sql import compile_selection
from backend.services.dlq_manager.tally_counts import can_tally, count_tallies, is_even
from backend.services.dlq_manager.transitions import Connection

PATIENCE_MS = 2000
"""No question takes longer; the screen must stay answerable."""
COUNT_MS = 700
COUNT_CAP = 100_001

_COLUMNS: LiteralString = (
    """m.message_id, m.state, m.version, m.artist, m.title, m.provider, m.error_type, m.error_message,
    m.fingerprint, m.retry_count + 1 AS attempts, m.failed_at, m.first_failed_at, m.owner,
    m.operation_id::text AS operation_id, """
    + STALE
    + " AS is_stale"
)
_PAGE = sql.SQL("""
SELECT {columns} FROM dead_letters.messages AS m WHERE {chosen} AND {place}
ORDER BY m.failed_at {order}, m.message_id {order} LIMIT %(limit)s
""")
_COUNT = sql.SQL("""
SELECT count(*) FROM (SELECT 1 FROM dead_letters.messages AS m WHERE {chosen} LIMIT %(cap)s) AS found
""")
_AFTER = sql.SQL("(m.failed_at, m.message_id) < (%(at)s, %(id)s)")
_BEFORE = sql.SQL("(m.failed_at, m.message_id) > (%(at)s, %(id)s)")
_AROUND = sql.SQL("m.failed_at <= %(at)s")
_ANYWHERE = sql.SQL("true")
# The minute in which about this many letters are newer, with how many are.
_AT_FRACTION: LiteralString = """
WITH tallied AS (
    SELECT minute, sum(count) AS count FROM (
        SELECT minute, fingerprint, state, count FROM dead_letters.minute_tally
        UNION ALL SELECT minute, fingerprint, state, change FROM dead_letters.deltas
    ) AS t
    WHERE state = ANY(%(states)s) AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
        AND (%(from)s::timestamptz IS NULL OR minute >= date_trunc('minute', %(from)s::timestamptz))
        AND (%(until)s::timestamptz IS NULL OR minute < %(until)s)
    GROUP BY minute HAVING sum(count) > 0
), running AS (
    SELECT minute, count, sum(count) OVER (ORDER BY minute DESC) AS upto, sum(count) OVER () AS total
    FROM tallied
)
SELECT minute, ((total * %(fraction)s::numeric - (upto - count)) / count)::float AS part
FROM running WHERE upto >= total * %(fraction)s::numeric ORDER BY minute DESC LIMIT 1
"""


class LetterPages:
    """Reads pages. psycopg errors pass; RefusedError for a cursor or a query that cannot be read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, request: PageRequest) -> LetterPage:
        """The page with the count of everything selected, as of one moment."""
        chosen, arguments = compile_selection(request.selection)
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await _patience(connection, PATIENCE_MS)
            place, where, backwards = await _place(connection, request)
            order = sql.SQL("ASC" if backwards else "DESC")
            statement = _PAGE.format(columns=sql.SQL(_COLUMNS), chosen=chosen, place=place, order=order)
            rows = await _read(connection, statement, {**arguments, **where, "limit": request.limit + 1})
            total, exact = await _total(connection, request.selection, chosen, arguments)
        return _cut(request, rows, backwards, total, exact)


async def _place(connection: Connection, request: PageRequest) -> tuple[sql.Composable, dict[str, Any], bool]:
    asked = [request.after, request.before, request.around, request.at_fraction]
    if sum(one is not None for one in asked) > 1:
        raise RefusedError("Ask for one place: after, before, around or at_fraction.")
    if request.after is not None:
        return _AFTER, _cursor(request.after), False
    if request.before is not None:
        return _BEFORE, _cursor(request.before), True
    around = request.around
    if request.at_fraction:
        around = await _moment(connection, request.selection, request.at_fraction)
    return (_ANYWHERE, {}, False) if around is None else (_AROUND, {"at": around}, False)


async def _moment(connection: Connection, selection: Selection, fraction: float) -> datetime | None:
    arguments = {
        "states": [state.value for state in selection.states],
        "fingerprint": selection.fingerprint,
        "from": selection.failed_from,
        "until": selection.failed_until,
        "fraction": fraction,
    }
    row = await (await connection.execute(_AT_FRACTION, arguments)).fetchone()
    if row is None:
        return None
    minute, part = row
    moment: datetime = minute + timedelta(seconds=60 * (1 - min(max(part, 0.0), 1.0)))
    return moment


async def _total(
    connection: Connection, selection: Selection, chosen: sql.Composable, arguments: dict[str, Any]
) -> tuple[int, bool]:
    if can_tally(selection) and is_even(selection):
        return (await count_tallies(connection, selection)).total, True
    try:
        async with connection.transaction():
            await _patience(connection, COUNT_MS)
            statement = _COUNT.format(chosen=chosen)
            row = await (await connection.execute(statement, {**arguments, "cap": COUNT_CAP})).fetchone()
    except psycopg.errors.QueryCanceled:
        return 0, False
    count = 0 if row is None else row[0]
    return min(count, COUNT_CAP - 1), count < COUNT_CAP


async def _patience(connection: Connection, milliseconds: int) -> None:
    await connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(milliseconds)))


async def _read(
    connection: Connection, statement: sql.Composed, arguments: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, arguments)).fetchall()


def _cut(
    request: PageRequest, found: list[dict[str, Any]], backwards: bool, total: int, exact: bool
) -> LetterPage:
    more = len(found) > request.limit
    rows = [LetterRow.model_validate(row) for row in found[: request.limit]]
    if backwards:
        rows.reverse()
    is_first = not (request.after or request.before or request.around or request.at_fraction)
    newer = more if backwards else not is_first
    older = True if backwards else more
    return LetterPage(
        rows=rows,
        following=_after(rows[-1]) if rows and older else None,
        preceding=_after(rows[0]) if rows and newer else None,
        total=max(total, len(rows)),
        total_is_exact=exact,
        position=0 if is_first or (backwards and not more) else None,
    )


def _after(row: LetterRow) -> str:
    return Cursor(row.failed_at, row.message_id).encoded()


def _cursor(text: str) -> dict[str, Any]:
    try:
        cursor = decode(text)
    except CursorError as error:
        raise RefusedError(str(error)) from error
    return {"at": cursor.failed_at, "id": cursor.message_id}

"""Counts the letters of a selection by state, cause, provider and age, within a time that is given."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.refusals import RefusedError
from backend.services.dlq_manager.transitions import Connection

CAP = 100_000
"""Where counting stops when all would take too long."""
_PATIENCE_MS = 5_000
AGES = ("under an hour", "1 to 24 hours", "1 to 7 days", "over 7 days")

AGE: LiteralString = """
CASE WHEN {at} > now() - interval '1 hour' THEN 0 WHEN {at} > now() - interval '24 hours' THEN 1
    WHEN {at} > now() - interval '7 days' THEN 2 ELSE 3 END
"""
_COUNT = sql.SQL("""
SELECT m.state, m.fingerprint, m.provider, {age} AS age, count(*)
FROM {letters} AS m WHERE {chosen} GROUP BY 1, 2, 3, 4
""")
_CAPPED = sql.SQL("""
(SELECT m.state, m.fingerprint, m.provider, m.failed_at
FROM dead_letters.messages AS m WHERE {chosen} LIMIT {cap})
""")


@dataclass
class Counts:
    """How many letters, split in four ways."""

    exact: bool = True
    capped: bool = False
    """Counting stopped: there are more."""
    by_state: Counter[DeadLetterState] = field(default_factory=Counter)
    causes: Counter[tuple[DeadLetterState, str]] = field(default_factory=Counter)
    providers: Counter[tuple[DeadLetterState, str | None]] = field(default_factory=Counter)
    ages: Counter[tuple[DeadLetterState, int]] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All letters."""
        return self.by_state.total()

    def within(self, states: Collection[DeadLetterState]) -> int:
        """Letters in these states."""
        return sum(self.by_state[state] for state in states)

    def add(self, state: str, cause: str, provider: str | None, age: int | None, count: int) -> None:
        """Count some more; `age` none when it is counted apart."""
        known = DeadLetterState(state)
        self.by_state[known] += count
        self.causes[known, cause] += count
        self.providers[known, provider] += count
        if age is not None:
            self.ages[known, age] += count


async def count_rows(
    connection: Connection, chosen: sql.Composable, arguments: dict[str, Any], milliseconds: int
) -> Counts:
    """Row by row, exact when that ends in time, else of the first 100,000 found.

    RefusedError when even those are not found within five seconds.
    """
    letters = sql.SQL("dead_letters.messages")
    try:
        return await _counted(connection, letters, chosen, arguments, milliseconds)
    except psycopg.errors.QueryCanceled:
        pass
    first = _CAPPED.format(chosen=chosen, cap=sql.Literal(CAP))
    try:
        counts = await _counted(connection, first, sql.SQL("true"), arguments, _PATIENCE_MS)
    except psycopg.errors.QueryCanceled as error:
        raise RefusedError(
            "Counting what this selection matches takes too long. Narrow it, for example by cause or time."
        ) from error
    counts.capped = counts.total >= CAP
    counts.exact = not counts.capped
    return counts


async def _counted(
    connection: Connection,
    letters: sql.Composable,
    chosen: sql.Composable,
    arguments: dict[str, Any],
    milliseconds: int,
) -> Counts:
    age = sql.SQL(AGE).format(at=sql.SQL("m.failed_at"))
    statement = _COUNT.format(age=age, letters=letters, chosen=chosen)
    counts = Counts()
    async with connection.transaction():
        await connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(milliseconds))
        rows = await (await connection.execute(statement, arguments)).fetchall()
        await connection.execute("SET LOCAL statement_timeout = DEFAULT")
    for state, cause, provider, bucket, count in rows:
        counts.add(state, cause, provider, bucket, count)
    return counts

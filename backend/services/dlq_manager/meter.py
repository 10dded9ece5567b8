"""The conservation meter: everything that was ever received is somewhere.

What came in is counted with the bytes, where the letters are is tallied as they change; both are kept by the
database itself. In the background all rows are counted one by one to see whether that is true.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letter_views import Meter, ProblemKind
from backend.contracts.dead_letters import DeadLetterState
from backend.messaging.port import Broker, BrokerError
from backend.messaging.topology import QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.problem_board import Problem, ProblemBoard

FOLD_SECONDS = 1.0
VERIFY_SECONDS = 300.0
_FOLD_AT_MOST = 50_000
_log = structlog.get_logger()

_READ: LiteralString = """
SELECT state, sum(count)::bigint FROM (
    SELECT state, count FROM dead_letters.cause_tally UNION ALL SELECT state, change FROM dead_letters.deltas
) AS t GROUP BY 1
UNION ALL SELECT '', coalesce(sum(count), 0)::bigint FROM dead_letters.receipts
"""
# Rows, bytes and tombstones: each letter has a row, and either its bytes or a tombstone.
_VERIFY: LiteralString = """
SELECT (SELECT count(*) FROM dead_letters.messages)
    - (SELECT count(*) FROM dead_letters.payloads) - (SELECT count(*) FROM dead_letters.tombstones),
    (SELECT count(*) FROM dead_letters.messages)
    - (SELECT coalesce(sum(count), 0) FROM dead_letters.receipts)
"""
_SAFE: LiteralString = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"


@dataclass(frozen=True)
class _Verified:
    at: datetime
    difference: int


class ConservationMeter:
    """Reads the meter, folds the tallies and verifies them; `run` is the background task."""

    def __init__(self, pool: Pool, broker: Broker, board: ProblemBoard) -> None:
        self._pool = pool
        self._broker = broker
        self._board = board
        self._verified: _Verified | None = None
        self._unsafe: list[Problem] = []

    async def read(self) -> Meter:
        """As of one moment. psycopg errors pass; a broker that does not say its depths is told as such."""
        async with self._pool.connection() as connection:
            found = await (await connection.execute(_READ)).fetchall()
        rows: dict[str, int] = dict(found)
        received = rows.pop("", 0)
        states = {state.value: rows.get(state.value, 0) for state in DeadLetterState}
        verified = self._verified
        broker, unknown = await self._depths()
        problems = [*self._board.problems(), *self._unsafe, *self._unchecked(), *self._hindered(), *unknown]
        return Meter(
            at=datetime.now(UTC),
            received=received,
            by_state=states,
            difference=received - sum(states.values()),
            verified_at=None if verified is None else verified.at,
            verified_difference=None if verified is None else verified.difference,
            broker=broker,
            problems=[problem.text for problem in problems],
            problem_kinds=[problem.kind for problem in problems],
        )

    async def verify(self) -> int:
        """Count all rows one by one; by how much they differ from what was received. psycopg errors pass."""
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            row = await (await connection.execute(_VERIFY)).fetchone()
            settings = await (await connection.execute(_SAFE)).fetchall()
        without_bytes, beyond_receipts = row or (0, 0)
        difference = max(abs(int(without_bytes)), abs(int(beyond_receipts)))
        self._verified = _Verified(datetime.now(UTC), difference)
        self._unsafe = [
            Problem(
                ProblemKind.UNSAFE_DATABASE,
                f"PostgreSQL runs with {name} = off: a crash can lose what was acknowledged. Switch it on.",
            )
            for name, setting in settings
            if setting == "off"
        ]
        if difference:
            _log.error("dead_letters_do_not_balance", difference=difference)
        return difference

    async def fold(self) -> int:
        """Move what changed into the tallies; how many changes. psycopg errors pass."""
        async with self._pool.connection() as connection:
            row = await (
                await connection.execute("SELECT dead_letters.fold(%s)", (_FOLD_AT_MOST,))
            ).fetchone()
        return int(row[0]) if row else 0

    async def run_folding(self) -> None:
        """Background task: fold for ever."""
        while True:
            await self._kept("dead_letters_not_folded", self.fold)
            await asyncio.sleep(FOLD_SECONDS)

    async def run_verifying(self) -> None:
        """Background task: verify at the start and every five minutes."""
        while True:
            done = await self._kept("dead_letters_not_verified", self.verify)
            await asyncio.sleep(VERIFY_SECONDS if done else FOLD_SECONDS)

    async def _kept(self, event: str, work: Callable[[], Awaitable[int]]) -> bool:
        try:
            await work()
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            _log.warning(event, reason=str(error))
            return False
        return True

    def _unchecked(self) -> list[Problem]:
        told = self._broker.unchecked()
        return [Problem(ProblemKind.POLICIES_UNCHECKED, told)] if told else []

    def _hindered(self) -> list[Problem]:
        return [
            Problem(ProblemKind.NOT_CONSUMED, f"The queue {queue} is not consumed: {why}. It is tried again.")
            for queue, why in sorted(self._broker.hindered().items())
        ]

    async def _depths(self) -> tuple[dict[str, int] | None, list[Problem]]:
        try:
            return {queue.name: await self._broker.depth(queue.name) for queue in QUEUES}, []
        except BrokerError as error:
            told = f"The broker does not say how much waits in its queues: {error}"
            return None, [Problem(ProblemKind.DEPTHS_UNKNOWN, told)]

"""100,000 letters discarded as one operation, then restored by its undo; limit for the undo 60 s (goal G13).

The statements that the service runs, chunk by chunk, on a PostgreSQL of its own that waits for the disk as in
production. Run: `python -m tests.benchmarks.dead_letter_undo [LETTERS]`.
"""

import asyncio
import sys
from collections import Counter
from time import perf_counter

from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letter_operations import OperationKind
from backend.database.address import DatabaseAddress
from backend.messaging.postgres import PostgresBroker
from tests.backend.services.dlq_manager.manager import Manager
from tests.backend.services.dlq_manager.test_act_kinds import ends, frozen, run
from tests.benchmarks.operations_database import operations_database
from tests.benchmarks.report import show
from tests.fixtures.dead_letter_rows import fill

LIMIT = 60.0


def main() -> None:
    """Fill a database, discard everything, restore everything, and check that nothing is missing."""
    letters = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with operations_database() as operations:
        fill(operations, letters)
        asyncio.run(_measure(operations, letters))


async def _measure(operations: DatabaseAddress, letters: int) -> None:
    ids = [f"m-{number}" for number in range(1, letters + 1)]
    async with AsyncConnectionPool(kwargs=operations.conninfo(), open=False, min_size=1) as pool:
        manager = Manager(pool, PostgresBroker(pool))
        discard = await frozen(manager, OperationKind.DISCARD, ids)
        started = perf_counter()
        await run(manager, discard)
        discarded = perf_counter() - started
        undo = await frozen(manager, OperationKind.UNDO, ids, discard.operation_id)
        started = perf_counter()
        await run(manager, undo)
        restored = perf_counter() - started
        if await ends(manager, undo) != Counter(done=letters):
            raise SystemExit(f"not everything was restored: {await ends(manager, undo)}")
    show(f"{letters:,} letters discarded", [discarded], LIMIT)
    show(f"{letters:,} discards restored", [restored], LIMIT)


if __name__ == "__main__":
    main()

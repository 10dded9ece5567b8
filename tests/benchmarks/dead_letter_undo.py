"""100,000 letters discarded as one operation, then restored by its undo; limit for the undo 60 s (goal G13).

The statements that the service runs, chunk by chunk, on a PostgreSQL of its own that waits for the disk as in
production. Run: `python -m tests.benchmarks.dead_letter_undo [LETTERS]`.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letter_operations import OperationKind
from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.database.migrations.runner import MigrationRunner
from backend.messaging.postgres import PostgresBroker
from tests.backend.services.dlq_manager.manager import Manager
from tests.backend.services.dlq_manager.test_act_kinds import ends, frozen, run
from tests.benchmarks.report import show
from tests.conftest import MIGRATIONS
from tests.fixtures import postgres
from tests.fixtures.dead_letter_rows import fill

_SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
LIMIT = 60.0


def main() -> None:
    """Fill a database, discard everything, restore everything, and check that nothing is missing."""
    letters = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.new_server(Path(folder), **_SAFE)
        with postgres.running(server, Path(folder) / "postgres.log"):
            operations = migrated(server.address("operations"))
            fill(operations, letters)
            asyncio.run(_measure(operations, letters))


def migrated(address: DatabaseAddress) -> DatabaseAddress:
    """The database with all operations migrations."""
    ensure_database(address, "template0")
    runner = MigrationRunner(address, MIGRATIONS / "operations")
    runner.apply(run="benchmark", applied_by="benchmark", progress=_ignore)
    return address


def _ignore(*_told: object) -> None:
    """Progress of migrations is of no interest here."""


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

"""A million open letters: pages at any depth, causes, strip, search, preview, freeze; beside OFFSET.

python -m tests.benchmarks.dead_letter_million [LETTERS]
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from time import perf_counter

from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letter_operations import OperationKind, OperationOptions, OperationRequest
from backend.contracts.dead_letter_views import PageRequest, Selection
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.postgres import PostgresBroker
from backend.services.common.database import Pool
from backend.services.dlq_manager.cause_list import CauseReader
from backend.services.dlq_manager.letter_pages import LetterPages
from backend.services.dlq_manager.meter import ConservationMeter
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.operation_preview import OperationPreviews
from backend.services.dlq_manager.operation_store import OperationStore
from backend.services.dlq_manager.problem_board import ProblemBoard
from backend.services.dlq_manager.provider_limits import ProviderLimits
from tests.benchmarks.operations_database import operations_database
from tests.fixtures.dead_letter_rows import fill

ROUNDS = 20
_OFFSET = """
SELECT message_id FROM dead_letters.messages WHERE state NOT IN ('resolved', 'discarded', 'purged')
ORDER BY failed_at DESC, message_id DESC LIMIT 200 OFFSET %s
"""

Act = Callable[[int], Awaitable[object]]


async def timed(name: str, limit_ms: float, act: Act, rounds: int = ROUNDS) -> None:
    """Print the 95th percentile of `rounds` beside the limit."""
    await act(0)
    taken = []
    for number in range(rounds):
        started = perf_counter()
        await act(number)
        taken.append((perf_counter() - started) * 1000)
    worst = quantiles(taken, n=20)[-1] if len(taken) > 1 else taken[0]
    ratio = f"limit {limit_ms:g} ms, ratio {worst / limit_ms:.2f}" if limit_ms else "rival"
    sys.stdout.write(f"{name}: p95 {worst:.1f} ms, {ratio}\n")


async def measure(operations: DatabaseAddress, letters: int) -> None:
    """Everything on one database."""
    async with AsyncConnectionPool(kwargs=operations.conninfo(), open=False, min_size=2, max_size=5) as pool:
        await _read(pool, letters)
        await _operate(pool, operations)


async def _read(pool: Pool, letters: int) -> None:
    pages, causes = LetterPages(pool), CauseReader(pool)
    meter = ConservationMeter(pool, PostgresBroker(pool), ProblemBoard())
    at: list[str] = []

    async def first(_number: int) -> None:
        page = await pages.page(PageRequest())
        at[:] = [page.following or ""]

    async def following(_number: int) -> None:
        page = await pages.page(PageRequest(after=at[0]))
        at[:] = [page.following or ""]

    async def jump(number: int) -> None:
        page = await pages.page(PageRequest(at_fraction=(number + 0.5) / ROUNDS))
        at[:] = [page.following or ""]

    async def drill(_number: int) -> None:
        await pages.page(PageRequest(selection=Selection(fingerprint="cause00000000003")))

    async def search(number: int) -> None:
        await pages.page(PageRequest(selection=Selection(query=f'title:"Title {letters // 2 + number}"')))

    async def strip(_number: int) -> None:
        end = datetime.now(UTC)
        await causes.strip(end - timedelta(days=30), end, None)

    async def offset(_number: int) -> None:
        async with pool.connection() as connection:
            await (await connection.execute(_OFFSET, (letters * 9 // 10,))).fetchall()

    await timed("first page of 200, with the count", 20, first)
    await timed("next page", 30, following)
    await timed("page anywhere, found by the tallies", 30, jump)
    await timed("next page, deep down", 30, following)
    await timed("first page of a cause", 30, drill)
    await timed("causes", 50, lambda _number: causes.causes())
    await timed("strip of 30 days", 100, strip)
    await timed("meter", 50, lambda _number: meter.read())
    await timed("search by a rare part of a title", 200, search)
    await timed("page at 90 % by OFFSET", 0, offset, 3)


async def _operate(pool: Pool, operations: DatabaseAddress) -> None:
    request = OperationRequest(
        kind=OperationKind.RETRY,
        selection=Selection(),
        options=OperationOptions(canary=20),
        author="benchmark",
        reason="benchmark",
    )
    nowhere = {**operations.conninfo(), "dbname": "musicdb"}
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as client:
        previews = OperationPreviews(pool, ProviderLimits(client), MusicReadings(nowhere))
        await timed("preview of everything", 1000, lambda _number: previews.preview(request), 3)
    store = OperationStore(pool)
    started = perf_counter()
    await store.create(request)
    seconds = perf_counter() - started
    sys.stdout.write(f"freeze of everything: {seconds:.1f} s, limit 5 s, ratio {seconds / 5:.2f}\n")


def main() -> None:
    """Fill and measure."""
    letters = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with operations_database(shared_buffers="1GB", max_wal_size="4GB") as operations:
        started = perf_counter()
        for begin in range(0, letters, 100_000):
            fill(operations, min(100_000, letters - begin), first=begin + 1)
        sys.stdout.write(f"{letters:,} letters made in {perf_counter() - started:.0f} s\n")
        asyncio.run(measure(operations, letters))


if __name__ == "__main__":
    main()

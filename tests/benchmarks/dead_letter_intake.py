"""Letters taken off the queue and committed a second, commit before acknowledgement; limit 2,000.

Beside it in the same run: the bare insert of the same rows into a table without rules, batch by batch.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from uuid import uuid4

from psycopg_pool import AsyncConnectionPool

from backend.database.address import DatabaseAddress
from backend.messaging.port import Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.topology import ENRICHMENT_DEAD, QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.arrivals import read_arrival
from backend.services.dlq_manager.crash_guard import CrashGuard
from backend.services.dlq_manager.delivery_batches import batched
from backend.services.dlq_manager.intake import Intake
from tests.backend.services.dlq_manager.manager import dead
from tests.benchmarks.operations_database import operations_database

LETTERS, PREFETCH, LIMIT = 20_000, 200, 2_000.0


def letter(number: int) -> Message:
    body = {"track_id": f"t-{number}", "artist_name": "Artist", "track_title": "Title", "rest": "x" * 1400}
    return dead(f"{uuid4()}", body=json.dumps(body).encode(), error=f"HTTP 50{number % 7} from somewhere")


async def taken(broker: PostgresBroker, intake: Intake, guard: CrashGuard) -> float:
    """Seconds until the queue was empty."""
    left = LETTERS
    started = time.perf_counter()
    async with broker.consume(ENRICHMENT_DEAD, prefetch=PREFETCH) as deliveries:
        async for batch in batched(deliveries, PREFETCH):
            messages = [delivery.message for delivery in batch]
            await guard.mark(messages)
            await intake.take_all([read_arrival(message) for message in messages])
            await guard.survived(messages)
            await asyncio.gather(*(delivery.ack() for delivery in batch))
            left -= len(batch)
            if left <= 0:
                break
    return time.perf_counter() - started


async def bare(pool: Pool, letters: Sequence[Message]) -> float:
    """Seconds for the bytes alone."""
    async with pool.connection() as connection:
        await connection.execute("CREATE TABLE bare (id text PRIMARY KEY, body bytea)")
    started = time.perf_counter()
    for begin in range(0, len(letters), PREFETCH):
        part = letters[begin : begin + PREFETCH]
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO bare SELECT * FROM unnest(%s::text[], %s::bytea[])",
                ([one.message_id for one in part], [one.body for one in part]),
            )
    return time.perf_counter() - started


async def measure(address: DatabaseAddress) -> None:
    letters = [letter(number) for number in range(LETTERS)]
    async with AsyncConnectionPool(kwargs=address.conninfo(), open=False, min_size=2, max_size=10) as pool:
        broker = PostgresBroker(pool)
        await broker.declare(QUEUES)
        for begin in range(0, LETTERS, 1000):
            await broker.publish(ENRICHMENT_DEAD, letters[begin : begin + 1000])
        seconds = await taken(broker, Intake(pool), CrashGuard(pool))
        alone = await bare(pool, letters)
    rate, rival = LETTERS / seconds, LETTERS / alone
    sys.stdout.write(
        f"taken in: {rate:,.0f} letters/s, limit {LIMIT:,.0f}, ratio {rate / LIMIT:.2f} (above 1: good)\n"
        f"bare insert of the bytes: {rival:,.0f}/s, {rival / rate:.1f} x\n"
    )


if __name__ == "__main__":
    with operations_database() as address:
        asyncio.run(measure(address))

"""A consumer that says what it received and acknowledges only a part; killed by the test that starts it."""

import asyncio
import json
import sys

from psycopg_pool import AsyncConnectionPool

from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection


async def consume(conninfo: dict[str, object], queue: str) -> None:
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=conninfo, min_size=2, max_size=4, open=False
    )
    async with pool, PostgresBroker(pool).consume(queue, prefetch=8) as deliveries:
        number = 0
        async for delivery in deliveries:
            number += 1
            if number % 2:
                await delivery.ack()
                sys.stdout.write(delivery.message.message_id + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    asyncio.run(consume(given["conninfo"], given["queue"]))

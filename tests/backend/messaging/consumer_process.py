"""A consumer that says what it received and acknowledges only a part; killed by the test that starts it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg_pool import AsyncConnectionPool

from backend.messaging.port import Broker
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from backend.messaging.rabbitmq import RabbitBroker


@asynccontextmanager
async def reached(given: dict[str, Any]) -> AsyncIterator[Broker]:
    """The broker behind `amqp_url`, or the one in the database of `conninfo`."""
    if "amqp_url" in given:
        async with RabbitBroker(given["amqp_url"], name="to be killed") as broker:
            yield broker
        return
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=given["conninfo"], min_size=2, max_size=4, open=False
    )
    async with pool:
        yield PostgresBroker(pool)


async def consume(given: dict[str, Any]) -> None:
    async with reached(given) as broker, broker.consume(given["queue"], prefetch=8) as deliveries:
        number = 0
        async for delivery in deliveries:
            number += 1
            if number % 2:
                await delivery.ack()
                sys.stdout.write(delivery.message.message_id + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(consume(json.loads(sys.stdin.readline())))

"""Messages a second through both brokers, confirmed and acknowledged, beside bare aio-pika on the same node.

PostgreSQL writes as in production here (fsync on), RabbitMQ always does. Rounds take turns; the best counts.
"""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import uuid4

import aio_pika
from psycopg_pool import AsyncConnectionPool

from backend.database.migrations.runner import MigrationRunner
from backend.messaging.port import Broker, Message, QueueSpec
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.rabbitmq_topology import work_arguments
from tests.benchmarks.processes import require
from tests.fixtures import postgres
from tests.fixtures.rabbitmq_server import RabbitServer, running_rabbitmq

BODY = b"x" * 1000
BARE = "bare aio-pika"
SINGLE, MANY, BATCH, PREFETCH, ROUNDS = 200, 2_000, 100, 50, 3
_SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_MIGRATIONS = Path(__file__).parents[2] / "resources" / "migrations" / "operations"

Work = Callable[[], Awaitable[int]]


class OverPort:
    """One queue of an adapter."""

    def __init__(self, broker: Broker, queue: str) -> None:
        self._broker = broker
        self._queue = queue

    async def one_at_a_time(self) -> int:
        for _ in range(SINGLE):
            await self._broker.publish(self._queue, [Message(str(uuid4()), BODY)])
        return SINGLE

    async def in_batches(self) -> int:
        for _ in range(MANY // BATCH):
            await self._broker.publish(self._queue, [Message(str(uuid4()), BODY) for _ in range(BATCH)])
        return MANY

    async def consumed(self) -> int:
        count = 0
        async with self._broker.consume(self._queue, prefetch=PREFETCH) as deliveries:
            async for delivery in deliveries:
                await delivery.ack()
                count += 1
                if count == MANY:
                    break
        return count


class Bare:
    """The same with the client library alone."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel, queue: aio_pika.abc.AbstractQueue) -> None:
        self._channel = channel
        self._queue = queue

    async def one_at_a_time(self) -> int:
        for _ in range(SINGLE):
            await self._publish()
        return SINGLE

    async def in_batches(self) -> int:
        for _ in range(MANY // BATCH):
            await asyncio.gather(*(self._publish() for _ in range(BATCH)))
        return MANY

    async def consumed(self) -> int:
        count = 0
        async with self._queue.iterator() as messages:
            async for message in messages:
                await message.ack()
                count += 1
                if count == MANY:
                    break
        return count

    async def _publish(self) -> None:
        message = aio_pika.Message(
            BODY, message_id=str(uuid4()), delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        await self._channel.default_exchange.publish(message, self._queue.name, mandatory=True)


async def rate(work: Work) -> float:
    """Messages a second."""
    started = perf_counter()
    count = await work()
    return count / (perf_counter() - started)


async def measure(rivals: dict[str, OverPort | Bare]) -> None:
    """Publishing comes before consuming, which takes less than was published."""
    await compare("published one at a time", {name: rival.one_at_a_time for name, rival in rivals.items()})
    await compare(f"published {BATCH} at a time", {name: rival.in_batches for name, rival in rivals.items()})
    await compare("consumed", {name: rival.consumed for name, rival in rivals.items()})


async def compare(what: str, works: dict[str, Work]) -> None:
    """Print the best of the rounds beside that of bare aio-pika."""
    best = dict.fromkeys(works, 0.0)
    for _ in range(ROUNDS):
        for name, work in works.items():
            best[name] = max(best[name], await rate(work))
    for name, figure in best.items():
        ratio = figure / best[BARE]
        sys.stdout.write(f"{what}: {name} {figure:.0f}/s, ratio {ratio:.2f}\n")


@asynccontextmanager
async def postgres_broker(folder: Path) -> AsyncIterator[PostgresBroker]:
    """An adapter over a server that waits for the disk."""
    server = postgres.new_server(folder, **_SAFE)
    with postgres.running(server, folder / "postgres.log"):
        address = server.address("operations")
        runner = MigrationRunner(address, _MIGRATIONS)
        runner.apply(run="bench", applied_by="bench", progress=lambda _text: None)
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(kwargs=address.conninfo(), open=False)
        async with pool:
            yield PostgresBroker(pool)


@asynccontextmanager
async def bare(server: RabbitServer) -> AsyncIterator[Bare]:
    """The client library with the same queue, the same confirms and the same prefetch."""
    async with await aio_pika.connect(server.url) as connection:
        channel = connection.channel(on_return_raises=True)
        await channel.initialize()
        await channel.set_qos(prefetch_count=PREFETCH)
        arguments = work_arguments(QueueSpec("bare"))
        yield Bare(channel, await channel.declare_queue("bare", durable=True, arguments=arguments))


async def main() -> None:
    """Measure against servers of our own."""
    if shutil.which("epmd") is None:
        require("rabbitmq-server")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        for name in ("rabbitmq", "postgres"):
            (folder / name).mkdir()
        server = stack.enter_context(running_rabbitmq(folder / "rabbitmq"))
        rabbit = await stack.enter_async_context(RabbitBroker(server.url, name="bench", settle_seconds=0))
        database = await stack.enter_async_context(postgres_broker(folder / "postgres"))
        for broker in (rabbit, database):
            await broker.declare([QueueSpec("work")])
        await measure(
            {
                BARE: await stack.enter_async_context(bare(server)),
                "RabbitMQ adapter": OverPort(rabbit, "work"),
                "PostgreSQL adapter": OverPort(database, "work"),
            }
        )


if __name__ == "__main__":
    asyncio.run(main())

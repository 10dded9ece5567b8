"""The PostgreSQL adapter: the contract, and what is its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from psycopg_pool import AsyncConnectionPool

from backend.database.address import DatabaseAddress
from backend.messaging.port import (
    Broker,
    BrokerUnavailableError,
    Message,
    MessageRefusedError,
    QueueSpec,
)
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from backend.messaging.topology import ENRICHMENT_DEAD, QUEUES
from tests.backend.messaging.broker_contract import SOON, BrokerContract, following, message


@pytest.fixture
async def broker(operations_db: DatabaseAddress) -> AsyncIterator[PostgresBroker]:
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=operations_db.conninfo(), min_size=1, max_size=10, open=False, timeout=5
    )
    async with pool:
        yield PostgresBroker(pool)


class TestPostgresBroker(BrokerContract):
    """The contract over PostgreSQL."""

    @pytest.fixture
    def refused(self) -> Message:
        return Message("id", b"", headers={"broken": "a\x00b"})


async def test_a_batch_is_published_whole_or_not_at_all(broker: Broker) -> None:
    await broker.declare([QueueSpec("work")])
    with pytest.raises(MessageRefusedError):
        await broker.publish("work", [message(1), Message("bad\x00id", b"")])
    assert await broker.depth("work") == 0


async def test_what_no_handler_saw_does_not_count_as_delivered(broker: Broker) -> None:
    await broker.declare([QueueSpec("work")])
    await broker.publish("work", [message(number) for number in range(5)])
    async with broker.consume("work", prefetch=5) as deliveries:
        await following(deliveries)
    async with broker.consume("work", prefetch=5) as deliveries:
        counts = [(await following(deliveries)).delivery_count for _ in range(5)]
    assert sorted(counts) == [1, 1, 1, 1, 2]


async def test_a_consumer_survives_the_loss_of_all_its_connections(
    broker: Broker, operations_db: DatabaseAddress
) -> None:
    await broker.declare([QueueSpec("work")])
    async with broker.consume("work", prefetch=1) as deliveries:
        waiting = asyncio.create_task(following(deliveries))
        await asyncio.to_thread(cut_connections, operations_db)
        async with asyncio.timeout(SOON):
            while True:
                with contextlib.suppress(BrokerUnavailableError):
                    await broker.publish("work", [message()])
                    break
        delivery = await waiting
        assert delivery.message == message()


def cut_connections(address: DatabaseAddress) -> None:
    with address.connect(autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )


async def test_no_server_says_so(operations_db: DatabaseAddress) -> None:
    elsewhere = {**operations_db.conninfo(), "dbname": "nowhere"}
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=elsewhere, min_size=1, open=False, timeout=0.5
    )
    async with pool:
        broker = PostgresBroker(pool)
        with pytest.raises(BrokerUnavailableError):
            await broker.publish("work", [message()])
        assert "does not answer" in await broker.problem()


async def test_the_systems_queues_can_be_declared(broker: Broker) -> None:
    await broker.declare(QUEUES)
    await broker.declare(QUEUES)
    assert await broker.depth(ENRICHMENT_DEAD) == 0

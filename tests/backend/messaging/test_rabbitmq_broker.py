"""The RabbitMQ adapter: the contract, and what is its own."""

from collections.abc import AsyncIterator

import pytest

from backend.messaging.port import Message
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.topology import ENRICHMENT_DEAD, QUEUES
from tests.backend.messaging.broker_contract import BrokerContract
from tests.fixtures.rabbitmq_server import RabbitServer


@pytest.fixture
async def broker(rabbitmq_server: RabbitServer) -> AsyncIterator[RabbitBroker]:
    async with RabbitBroker(rabbitmq_server.url, name="tests") as broker:
        yield broker


class TestRabbitBroker(BrokerContract):
    """The contract over RabbitMQ."""

    @pytest.fixture
    def refused(self) -> Message:
        return Message("id", b"", headers={"long": "x" * 130_000})


async def test_the_systems_queues_can_be_declared(broker: RabbitBroker) -> None:
    await broker.declare(QUEUES)
    await broker.declare(QUEUES)
    assert await broker.depth(ENRICHMENT_DEAD) == 0

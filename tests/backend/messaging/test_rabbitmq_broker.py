"""The RabbitMQ adapter: the contract, and what is its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from backend.messaging.port import Message, PublishRejectedError, QueueSpec, TopologyConflictError
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.rabbitmq_topology import NO_LIMIT
from backend.messaging.topology import ENRICHMENT_DEAD, QUEUES
from tests.backend.messaging.broker_contract import BrokerContract, depth_becomes, message, queue_name
from tests.backend.messaging.outage_contract import OutageContract
from tests.fixtures.postgres import free_port
from tests.fixtures.rabbitmq_server import RabbitServer


@pytest.fixture
async def broker(rabbitmq_server: RabbitServer) -> AsyncIterator[RabbitBroker]:
    """Does not wait for new queues to be safe: only the outages need that."""
    async with RabbitBroker(rabbitmq_server.url, name="tests", settle_seconds=0) as broker:
        yield broker


class TestRabbitOutages(OutageContract):
    """The contract over RabbitMQ when processes die; first, while the node has few queues to start with."""

    @pytest.fixture
    async def broker(self, rabbitmq_server: RabbitServer) -> AsyncIterator[RabbitBroker]:
        async with RabbitBroker(rabbitmq_server.url, name="tests") as broker:
            yield broker

    @pytest.fixture
    def server(self, rabbitmq_server: RabbitServer) -> RabbitServer:
        return rabbitmq_server

    @pytest.fixture
    def reach(self, rabbitmq_server: RabbitServer) -> dict[str, Any]:
        return {"amqp_url": rabbitmq_server.url}


class TestRabbitBroker(BrokerContract):
    """The contract over RabbitMQ."""

    @pytest.fixture
    def refused(self) -> Message:
        return Message("id", b"", headers={"long": "x" * 130_000})


@pytest.fixture
async def checking(rabbitmq_server: RabbitServer) -> AsyncIterator[RabbitBroker]:
    """A broker that asks the management API."""
    url, management_url = rabbitmq_server.url, rabbitmq_server.management_url
    async with RabbitBroker(url, name="tests", management_url=management_url, settle_seconds=0) as broker:
        yield broker


@pytest.fixture
def policies(rabbitmq_server: RabbitServer) -> Iterator[Callable[..., None]]:
    """Sets policies by name, pattern and definition; they are gone after the test."""
    made: list[str] = []

    def make(name: str, pattern: str, definition: dict[str, object], kind: str = "policies") -> None:
        made.append(f"/{kind}/%2F/{name}")
        wanted = {"pattern": pattern, "definition": definition, "apply-to": "queues"}
        rabbitmq_server.manage("PUT", made[-1], wanted)

    yield make
    for path in made:
        rabbitmq_server.manage("DELETE", path)


@pytest.mark.parametrize(
    ("definition", "harm"),
    [
        ({"max-length": 5, "overflow": "drop-head"}, "overflow to drop-head.*drops messages"),
        ({"message-ttl": 1000}, "message-ttl to 1000.*takes away"),
        ({"expires": 1000}, "expires to 1000.*deletes the queue"),
        ({"delivery-limit": 5}, "delivery-limit to 5.*gives messages up"),
        ({"dead-letter-strategy": "at-most-once"}, "dead-letter-strategy to at-most-once.*can lose"),
    ],
)
async def test_a_policy_that_could_lose_messages_is_refused_by_name(
    checking: RabbitBroker, policies: Callable[..., None], definition: dict[str, object], harm: str
) -> None:
    dead, work = queue_name(), queue_name()
    policies("forgetful", f"^{work}$", definition)
    with pytest.raises(TopologyConflictError, match=f"(?s)forgetful.*{harm}") as refused:
        await checking.declare([QueueSpec(dead), QueueSpec(work, 20, dead)])
    assert work in str(refused.value)
    assert dead not in str(refused.value)


async def test_an_operator_policy_is_refused_as_well(
    checking: RabbitBroker, policies: Callable[..., None]
) -> None:
    name = queue_name()
    policies("operators", f"^{name}$", {"message-ttl": 1000}, "operator-policies")
    with pytest.raises(TopologyConflictError, match="operators"):
        await checking.declare([QueueSpec(name)])


async def test_harmless_policies_are_let_be(checking: RabbitBroker, policies: Callable[..., None]) -> None:
    name = queue_name()
    policies("bounded", f"^{name}$", {"max-length": 5})
    policies("elsewhere", "^another$", {"message-ttl": 1000})
    await checking.declare([QueueSpec(name)])
    sending = [checking.publish(name, [message(number)]) for number in range(50)]
    answers = [await asyncio.gather(one, return_exceptions=True) for one in sending]
    rejected = [answer for answer in answers if isinstance(answer[0], PublishRejectedError)]
    assert rejected
    await depth_becomes(checking, name, 50 - len(rejected))


async def test_without_the_management_api_the_queues_are_declared_all_the_same(
    rabbitmq_server: RabbitServer,
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    name = queue_name()
    async with RabbitBroker(
        rabbitmq_server.url, name="tests", management_url=nowhere, settle_seconds=0
    ) as broker:
        await broker.declare([QueueSpec(name)])
        assert await broker.depth(name) == 0
        assert "management API did not answer" in broker.unchecked()


async def test_policies_that_were_looked_at_leave_nothing_open(checking: RabbitBroker) -> None:
    await checking.declare([QueueSpec(queue_name())])
    assert checking.unchecked() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        {"x-queue-type": "classic"},
        {"x-queue-type": "quorum"},
        {"x-queue-type": "quorum", "x-delivery-limit": NO_LIMIT, "x-overflow": "drop-head"},
    ],
)
async def test_a_queue_made_by_others_that_could_lose_messages_is_refused(
    broker: RabbitBroker, rabbitmq_server: RabbitServer, arguments: dict[str, object]
) -> None:
    name = queue_name()
    wanted = {"durable": True, "arguments": arguments}
    rabbitmq_server.manage("PUT", f"/queues/%2F/{name}", wanted)
    with pytest.raises(TopologyConflictError, match=f"{name}.* wanted is "):
        await broker.declare([QueueSpec(name)])


async def test_the_systems_queues_can_be_declared(broker: RabbitBroker) -> None:
    await broker.declare(QUEUES)
    await broker.declare(QUEUES)
    assert await broker.depth(ENRICHMENT_DEAD) == 0

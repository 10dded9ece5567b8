"""T6, T8 and the broker's half of T16: queues that are gone, unsafe, short of memory. W7, W12."""

import asyncio
from collections.abc import Iterator
from typing import Any

import aio_pika
import pytest

from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_REQUESTS, QUEUES
from tests.faults.ledger import act
from tests.faults.stand import Stand, until
from tests.faults.worker import steady_worker
from tests.fixtures.rabbitmq_server import MEMORY, RabbitServer

_FULL = "/policies/%2F/full"
_ONE_MESSAGE = {"definition": {"max-length": 1}, "apply-to": "queues"}


@pytest.fixture
def full_queues(rabbitmq_server: RabbitServer) -> Iterator[RabbitServer]:
    """The server; the policies that a test has made are taken away."""
    yield rabbitmq_server
    for found in rabbitmq_server.manage("GET", "/policies/%2F") or ():  # type: ignore[attr-defined]
        rabbitmq_server.manage("DELETE", f"/policies/%2F/{found['name']}")


async def test_t6_the_target_queue_is_deleted_while_letters_are_sent(
    stand: Stand, request: pytest.FixtureRequest
) -> None:
    """The operation pauses and says why; no letter is lost, and it goes on when the queue is back."""
    async with stand.broker() as broker:
        stand.start()
        await stand.produce(broker, 60)
        await until(stand.has_taken_in)
        operation = stand.make(options={"per_second": 30})
        stand.command(operation, "start")
        async with steady_worker(broker, stand.ledger.judge):
            await until(lambda: len(stand.ledger.seen) >= 5)
            await asyncio.to_thread(delete_queue, stand, request)
            await until(lambda: stand.is_in(operation, "paused"))
            found = stand.operation(operation)
            assert ENRICHMENT_REQUESTS in found["state_reason"]
            assert found["counts"]["pending"] + found["counts"]["returned"] > 0
            await broker.declare(QUEUES)
            stand.command(operation, "resume")
            await until(lambda: stand.is_in(operation, "completed"))
            await stand.give_up_waiting()
            await stand.resolve_all()
        stand.ledger.check_intake(stand.operations)
        assert stand.states() == {"resolved": 60}


def has_policy(server: RabbitServer) -> bool:
    """Whether the work queue obeys a policy, as RabbitMQ's statistics have it."""
    queue = server.manage("GET", f"/queues/%2F/{ENRICHMENT_REQUESTS}")
    assert isinstance(queue, dict)
    return bool(queue.get("policy"))


def delete_queue(stand: Stand, request: pytest.FixtureRequest) -> None:
    """As an administrator would, with the sendings that lie in it."""
    if stand.amqp_url is not None:
        server: RabbitServer = request.getfixturevalue("rabbitmq_server")
        server.manage("DELETE", f"/queues/%2F/{ENRICHMENT_REQUESTS}")
        return
    act(stand.operations, "DELETE FROM broker.messages WHERE queue = %s", ENRICHMENT_REQUESTS)
    act(stand.operations, "DELETE FROM broker.queues WHERE name = %s", ENRICHMENT_REQUESTS)


async def test_t6_a_full_target_queue_pauses_and_loses_nothing(
    rabbitmq_stand: Stand, full_queues: RabbitServer
) -> None:
    """W13: a queue that may hold one message rejects what comes after; that is failed again.

    A quorum queue tells its publishers of being full a moment later, hence the pace: all at once would
    still be let in.
    """
    stand = rabbitmq_stand
    async with stand.broker() as broker:
        stand.start()
        await stand.produce(broker, 60)
        await until(stand.has_taken_in)
        full_queues.manage("PUT", _FULL, {**_ONE_MESSAGE, "pattern": f"^{ENRICHMENT_REQUESTS}$"})
        operation = stand.make(options={"per_second": 20})
        stand.command(operation, "start")
        await until(lambda: stand.is_in(operation, "paused"))
        await until(lambda: not stand.operation(operation)["counts"]["claimed"])
        assert ENRICHMENT_REQUESTS in stand.operation(operation)["state_reason"]
        assert stand.states()["failed"] > 0
        full_queues.manage("DELETE", _FULL)
        await until(lambda: not has_policy(full_queues))
        async with steady_worker(broker, stand.ledger.judge):
            stand.command(operation, "resume")
            await until(lambda: stand.is_in(operation, "completed"))
            await stand.resolve_all()
        stand.ledger.check_intake(stand.operations)
        assert stand.states() == {"resolved": 60}


async def test_t8_a_queue_that_could_drop_messages_is_refused_by_name(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer
) -> None:
    """W7: a source queue with drop-head and at most once: the manager says so and consumes nothing of it."""
    stand = rabbitmq_stand
    async with await aio_pika.connect(rabbitmq_server.url) as connection:
        channel = await connection.channel()
        unsafe: dict[str, Any] = {"x-queue-type": "quorum", "x-overflow": "drop-head", "x-delivery-limit": 19,
                  "x-dead-letter-exchange": "", "x-dead-letter-routing-key": ENRICHMENT_DEAD,
                  "x-max-length": 1000}  # fmt: skip
        await channel.declare_queue(ENRICHMENT_REQUESTS, durable=True, arguments=unsafe)
    stand.start()
    await until(lambda: len(named(stand)) == 2)
    assert all("could lose messages" in problem for problem in named(stand))
    rabbitmq_server.manage("DELETE", f"/queues/%2F/{ENRICHMENT_REQUESTS}")
    await until(lambda: not named(stand))
    async with stand.broker() as broker:
        await stand.produce(broker, 5)
        await until(stand.has_taken_in)


def named(stand: Stand) -> list[str]:
    """Problems that the meter tells about the work queue."""
    return [one for one in stand.meter()["problems"] if f"queue {ENRICHMENT_REQUESTS} has" in one]


async def test_t16_a_broker_short_of_memory_takes_nothing_and_loses_nothing(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer
) -> None:
    """The alarm stops publishers: sendings wait and are told as waiting; letters still come in."""
    stand = rabbitmq_stand
    async with stand.broker() as broker, steady_worker(broker, stand.ledger.judge):
        stand.start()
        await stand.produce(broker, 20)
        await until(stand.has_taken_in)
        await asyncio.to_thread(rabbitmq_server.limit_memory, "1")
        try:
            operation = stand.make_and_start()
            await until(lambda: "outbox_waits" in stand.log)
            assert stand.operation(operation)["counts"]["claimed"] == 20
            assert stand.states() == {"publishing": 20}
        finally:
            await asyncio.to_thread(rabbitmq_server.limit_memory, MEMORY)
        await until(lambda: stand.is_in(operation, "completed"))
        await stand.resolve_all()
        stand.ledger.kills += 1
        stand.ledger.check_sendings(stand.operations)

"""What every adapter of the Broker port has to do; a test class a adapter inherits these tests.

The class that inherits gives the fixture `broker`. A queue's name is new for each test, so that a broker
kept between tests does no harm.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from backend.messaging.port import (
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    Broker,
    Delivery,
    DeliveryLostError,
    Message,
    QueueSpec,
    TopologyConflictError,
    UnknownQueueError,
)

SOON = 10.0
LEASE = 0.6


def message(number: int = 0) -> Message:
    return Message(message_id=f"message-{number}", body=f"body {number}".encode())


def queue_name() -> str:
    return f"test.{uuid4().hex}"


async def following(deliveries: AsyncIterator[Delivery]) -> Delivery:
    return await asyncio.wait_for(anext(deliveries), SOON)


async def nothing_follows(deliveries: AsyncIterator[Delivery], seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(anext(deliveries), seconds)
        return False
    return True


class BrokerContract:
    """The tests of the port."""

    @pytest.fixture
    async def queue(self, broker: Broker) -> str:
        """A queue without a limit and with a short lease."""
        name = queue_name()
        await broker.declare([QueueSpec(name, lease_seconds=LEASE)])
        return name

    async def test_a_message_arrives_with_everything_it_carries(self, broker: Broker, queue: str) -> None:
        sent = Message(
            message_id="id-1",
            body=bytes(range(256)),
            content_type="application/octet-stream",
            correlation_id="trace-1",
            headers={"sn-dlq-id": "a", "sn-dlq-gen": 3, "sn-dlq-op": "ü"},
        )
        await broker.publish(queue, [sent])
        async with broker.consume(queue, prefetch=1) as deliveries:
            delivery = await following(deliveries)
            assert delivery.message == sent
            assert delivery.delivery_count == 1
            await delivery.ack()
        assert await broker.depth(queue) == 0

    async def test_messages_arrive_in_the_order_of_publishing(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message(number) for number in range(50)])
        await broker.publish(queue, [message(50)])
        async with broker.consume(queue, prefetch=7) as deliveries:
            received: list[str] = []
            while len(received) < 51:
                delivery = await following(deliveries)
                received.append(delivery.message.message_id)
                await delivery.ack()
        assert received == [f"message-{number}" for number in range(51)]

    async def test_a_waiting_consumer_is_woken(self, broker: Broker, queue: str) -> None:
        async with broker.consume(queue, prefetch=1) as deliveries:
            waiting = asyncio.create_task(following(deliveries))
            await broker.publish(queue, [message()])
            await (await waiting).ack()

    async def test_no_more_than_prefetch_are_unsettled(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message(number) for number in range(3)])
        async with broker.consume(queue, prefetch=2) as deliveries:
            first = await following(deliveries)
            await following(deliveries)
            third = asyncio.create_task(following(deliveries))
            done, _ = await asyncio.wait([third], timeout=0.3)
            assert not done
            await first.ack()
            assert (await third).message.message_id == "message-2"

    async def test_unacknowledged_messages_come_again_and_count(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message()])
        async with broker.consume(queue, prefetch=1) as deliveries:
            await following(deliveries)
        assert await broker.depth(queue) == 1
        async with broker.consume(queue, prefetch=1) as deliveries:
            again = await following(deliveries)
            assert again.delivery_count == 2
            await again.ack()

    async def test_a_message_put_back_waits_for_its_delay(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message(1), message(2)])
        async with broker.consume(queue, prefetch=1) as deliveries:
            await (await following(deliveries)).nack(delay_seconds=0.5)
            second = await following(deliveries)
            assert second.message.message_id == "message-2"
            await second.ack()
            first = await following(deliveries)
            assert (first.message.message_id, first.delivery_count) == ("message-1", 2)

    async def test_what_is_worked_on_slowly_is_not_delivered_twice(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message()])
        async with broker.consume(queue, prefetch=1) as mine, broker.consume(queue, prefetch=1) as other:
            delivery = await following(mine)
            assert await nothing_follows(other, 3 * LEASE)
            await delivery.ack()

    async def test_a_delivery_is_settled_once(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message()])
        async with broker.consume(queue, prefetch=1) as deliveries:
            delivery = await following(deliveries)
            await delivery.ack()
            with pytest.raises(DeliveryLostError):
                await delivery.nack()

    async def test_competing_consumers_share_and_lose_nothing(self, broker: Broker, queue: str) -> None:
        everything = {f"message-{number}" for number in range(200)}
        received: list[str] = []
        complete = asyncio.Event()

        async def consume() -> None:
            async with broker.consume(queue, prefetch=5) as deliveries:
                async for delivery in deliveries:
                    await delivery.ack()
                    received.append(delivery.message.message_id)
                    if len(received) == len(everything):
                        complete.set()

        consumers = [asyncio.create_task(consume()) for _ in range(3)]
        await broker.publish(queue, [message(number) for number in range(200)])
        await asyncio.wait_for(complete.wait(), SOON)
        for consumer in consumers:
            consumer.cancel()
        await asyncio.gather(*consumers, return_exceptions=True)
        assert sorted(received) == sorted(everything)
        assert await broker.depth(queue) == 0

    async def test_the_delivery_limit_moves_and_never_drops(self, broker: Broker) -> None:
        dead, work = queue_name(), queue_name()
        await broker.declare([QueueSpec(dead), QueueSpec(work, 3, dead, LEASE)])
        await broker.publish(work, [message(1), message(2)])
        async with broker.consume(work, prefetch=1) as deliveries:
            handed_out = 0
            while handed_out < 4:
                delivery = await following(deliveries)
                if delivery.message.message_id == "message-2":
                    await delivery.ack()
                else:
                    await delivery.nack()
                handed_out += 1
            assert await nothing_follows(deliveries, 0.5)
        assert (await broker.depth(work), await broker.depth(dead)) == (0, 1)
        async with broker.consume(dead, prefetch=1) as deliveries:
            moved = await following(deliveries)
            assert moved.message.body == b"body 1"
            assert moved.message.headers[HEADER_DEATH_QUEUE] == work
            assert moved.message.headers[HEADER_DEATH_COUNT] == 3
            assert moved.delivery_count == 1

    async def test_publishing_to_an_unknown_queue_is_refused(self, broker: Broker) -> None:
        with pytest.raises(UnknownQueueError):
            await broker.publish(queue_name(), [message()])

    async def test_declaring_again_is_harmless_and_differently_is_refused(self, broker: Broker) -> None:
        dead, work = queue_name(), queue_name()
        topology = [QueueSpec(dead), QueueSpec(work, 3, dead)]
        await broker.declare(topology)
        await broker.publish(work, [message()])
        await broker.declare(topology)
        assert await broker.depth(work) == 1
        with pytest.raises(TopologyConflictError):
            await broker.declare([QueueSpec(work, 4, dead)])

    def test_a_limit_without_a_place_to_go_cannot_be_said(self) -> None:
        with pytest.raises(ValueError, match="dead-letter queue"):
            QueueSpec("lonely", delivery_limit=3)

"""What every adapter of the Broker port has to do; a test class a adapter inherits these tests.

The class that inherits gives the fixtures `broker` and `refused`, a message that this broker cannot hold. A
queue's name is new for each test, so that a broker kept between tests does no harm.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from backend.messaging.port import (
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    LONGEST_DELAY_SECONDS,
    Broker,
    BrokerUnavailableError,
    Delivery,
    DeliveryLostError,
    Message,
    MessageRefusedError,
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


async def depth_becomes(broker: Broker, queue: str, depth: int) -> None:
    """A broker may still be taking in what was settled a moment ago."""
    async with asyncio.timeout(SOON):
        while await broker.depth(queue) != depth:  # noqa: ASYNC110 - no broker tells when
            await asyncio.sleep(0.02)


async def publish_until_confirmed(broker: Broker, queue: str, one: Message) -> None:
    """As publishers have to: an unknown outcome means sending again, under the same id."""
    while True:
        try:
            return await broker.publish(queue, [one])
        except BrokerUnavailableError:
            await asyncio.sleep(0.05)


async def take_all(broker: Broker, queue: str, wanted: set[str]) -> list[str]:
    """Consume and acknowledge until every wanted id was seen; gives the ids as they came."""
    taken: list[str] = []
    async with broker.consume(queue, prefetch=50) as deliveries:
        while not wanted <= set(taken):
            delivery = await following(deliveries)
            taken.append(delivery.message.message_id)
            await delivery.ack()
    return taken


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
        await depth_becomes(broker, queue, 0)

    @pytest.mark.parametrize("size", [0, 1, 300_000, 10_000_000])
    async def test_bodies_of_any_size_arrive_unchanged(self, broker: Broker, queue: str, size: int) -> None:
        body = bytes(range(256)) * (size // 256) + bytes(size % 256)
        await broker.publish(queue, [Message("id", body)])
        async with broker.consume(queue, prefetch=1) as deliveries:
            assert (await following(deliveries)).message.body == body

    async def test_a_message_that_cannot_be_held_is_refused(
        self, broker: Broker, queue: str, refused: Message
    ) -> None:
        with pytest.raises(MessageRefusedError):
            await broker.publish(queue, [message(), refused])
        assert await broker.depth(queue) == 0
        await broker.publish(queue, [message()])
        assert await broker.depth(queue) == 1

    async def test_a_thousand_publishers_at_a_time_lose_nothing(self, broker: Broker, queue: str) -> None:
        everything = {f"message-{number}" for number in range(1000)}
        await asyncio.gather(*(publish_until_confirmed(broker, queue, message(n)) for n in range(1000)))
        assert set(await take_all(broker, queue, everything)) == everything

    async def test_messages_of_one_id_are_all_kept(self, broker: Broker, queue: str) -> None:
        """It is the consumer who knows a message by its id, not the broker."""
        await broker.publish(queue, [message(1), message(1), message(2)])
        assert await broker.depth(queue) == 3

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
        await depth_becomes(broker, queue, 1)
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

    async def test_what_waits_for_its_delay_is_in_the_queue(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message()])
        async with broker.consume(queue, prefetch=1) as deliveries:
            await (await following(deliveries)).nack(delay_seconds=LONGEST_DELAY_SECONDS)
        await depth_becomes(broker, queue, 1)

    async def test_a_longer_delay_than_possible_is_refused(self, broker: Broker, queue: str) -> None:
        await broker.publish(queue, [message()])
        async with broker.consume(queue, prefetch=1) as deliveries:
            delivery = await following(deliveries)
            with pytest.raises(ValueError, match="possible"):
                await delivery.nack(delay_seconds=LONGEST_DELAY_SECONDS + 1)
            await delivery.ack()

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
        await depth_becomes(broker, queue, 0)

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
        await depth_becomes(broker, dead, 1)
        assert await broker.depth(work) == 0
        async with broker.consume(dead, prefetch=1) as deliveries:
            moved = await following(deliveries)
            assert moved.message.body == b"body 1"
            assert moved.message.headers[HEADER_DEATH_QUEUE] == work
            assert moved.message.headers[HEADER_DEATH_COUNT] == 3
            assert moved.delivery_count == 1

    async def test_a_queue_without_a_limit_never_gives_up(self, broker: Broker, queue: str) -> None:
        """RabbitMQ 4 would drop after 20 deliveries by omission."""
        await broker.publish(queue, [message()])
        async with broker.consume(queue, prefetch=1) as deliveries:
            for number in range(1, 31):
                delivery = await following(deliveries)
                assert delivery.delivery_count == number
                await delivery.nack()
        await depth_becomes(broker, queue, 1)

    async def test_deliveries_before_a_delay_count_for_the_limit(self, broker: Broker) -> None:
        dead, work = queue_name(), queue_name()
        await broker.declare([QueueSpec(dead), QueueSpec(work, 3, dead, LEASE)])
        await broker.publish(work, [message()])
        async with broker.consume(work, prefetch=1) as deliveries:
            for number in (1, 2, 3):
                delivery = await following(deliveries)
                assert delivery.delivery_count == number
                await delivery.nack(delay_seconds=0.1 if number == 1 else 0.0)
            assert await nothing_follows(deliveries, 0.5)
        await depth_becomes(broker, dead, 1)

    async def test_a_dead_letter_put_back_still_says_where_it_came_from(self, broker: Broker) -> None:
        dead, work = queue_name(), queue_name()
        await broker.declare([QueueSpec(dead), QueueSpec(work, 1, dead, LEASE)])
        await broker.publish(work, [message()])
        async with broker.consume(work, prefetch=1) as deliveries:
            await (await following(deliveries)).nack()
            assert await nothing_follows(deliveries, 0.2)
        async with broker.consume(dead, prefetch=1) as deliveries:
            await (await following(deliveries)).nack(delay_seconds=0.1)
            moved = await following(deliveries)
            assert moved.message.headers == {HEADER_DEATH_QUEUE: work, HEADER_DEATH_COUNT: 1}
            assert moved.delivery_count == 2

    async def test_a_working_broker_has_no_problem(self, broker: Broker) -> None:
        assert await broker.problem() == ""

    async def test_consuming_an_unknown_queue_is_refused(self, broker: Broker) -> None:
        with pytest.raises(UnknownQueueError):
            async with broker.consume(queue_name(), prefetch=1):
                raise AssertionError("there is nothing to consume")

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
        with pytest.raises(TopologyConflictError, match=work):
            await broker.declare([QueueSpec(work, 4, dead)])

    def test_a_limit_without_a_place_to_go_cannot_be_said(self) -> None:
        with pytest.raises(ValueError, match="dead-letter queue"):
            QueueSpec("lonely", delivery_limit=3)

"""The RabbitMQ adapter over a connection that fails, and beside strangers who do as they like."""

import asyncio
import random
from collections.abc import AsyncIterator

import aio_pika
import pytest

from backend.messaging import rabbitmq_publisher
from backend.messaging.port import (
    BrokerUnavailableError,
    DeliveryLostError,
    Message,
    MessageRefusedError,
    QueueSpec,
    UnknownQueueError,
)
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.rabbitmq_messages import wait_queue
from tests.backend.messaging.broker_contract import (
    depth_becomes,
    following,
    message,
    publish_until_confirmed,
    queue_name,
    take_all,
)
from tests.backend.messaging.outage_contract import publishing, reaches
from tests.fixtures.postgres import free_port
from tests.fixtures.rabbitmq_server import MEMORY, RabbitServer
from tests.fixtures.tcp_proxy import TcpProxy, tcp_proxy


@pytest.fixture
async def direct(rabbitmq_server: RabbitServer) -> AsyncIterator[RabbitBroker]:
    """A broker over a connection that works."""
    async with RabbitBroker(rabbitmq_server.url, name="direct", settle_seconds=0) as broker:
        yield broker


@pytest.fixture
async def work(direct: RabbitBroker) -> str:
    name = queue_name()
    await direct.declare([QueueSpec(name)])
    return name


@pytest.fixture
async def proxy(rabbitmq_server: RabbitServer) -> AsyncIterator[TcpProxy]:
    async with tcp_proxy(rabbitmq_server.port) as proxy:
        yield proxy


@pytest.fixture
async def broker(rabbitmq_server: RabbitServer, proxy: TcpProxy) -> AsyncIterator[RabbitBroker]:
    """A broker over a connection that the test cuts."""
    async with RabbitBroker(rabbitmq_server.url_at(proxy.port), name="tests", settle_seconds=0) as broker:
        yield broker


async def test_a_lost_confirm_is_an_unknown_outcome_and_sending_again_is_safe(
    broker: RabbitBroker, direct: RabbitBroker, proxy: TcpProxy, work: str
) -> None:
    await broker.publish(work, [message(1)])
    proxy.swallow_answers()
    sending = asyncio.create_task(broker.publish(work, [message(2)]))
    await depth_becomes(direct, work, 2)
    proxy.cut()
    with pytest.raises(BrokerUnavailableError):
        await sending
    await broker.publish(work, [message(2)])
    assert await take_all(direct, work, {"message-1", "message-2"}) == ["message-1", "message-2"]
    await depth_becomes(direct, work, 1)


async def test_a_broker_that_says_nothing_is_given_up(
    broker: RabbitBroker, proxy: TcpProxy, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.publish(work, [message(1)])
    monkeypatch.setattr(rabbitmq_publisher, "ANSWER_SECONDS", 0.2)
    proxy.swallow_answers()
    with pytest.raises(BrokerUnavailableError, match="TimeoutError"):
        await broker.publish(work, [message(2)])
    assert proxy.swallowed > 0


async def test_what_a_lost_connection_held_is_lost_and_comes_again(
    broker: RabbitBroker, proxy: TcpProxy, work: str
) -> None:
    await broker.publish(work, [message(1), message(2)])
    async with broker.consume(work, prefetch=2) as deliveries:
        first = await following(deliveries)
        waiting = await following(deliveries)
        proxy.cut()
        again = [await following(deliveries), await following(deliveries)]
        with pytest.raises(DeliveryLostError):
            await first.ack()
        with pytest.raises(DeliveryLostError):
            await waiting.nack(delay_seconds=1.0)
        assert [(one.message.message_id, one.delivery_count) for one in again] == [
            ("message-1", 2),
            ("message-2", 2),
        ]


async def test_cuts_at_any_moment_lose_nothing_confirmed(
    broker: RabbitBroker, direct: RabbitBroker, proxy: TcpProxy, work: str, pytestconfig: pytest.Config
) -> None:
    confirmed: list[str] = []
    moments = random.Random(20_261_126)
    async with publishing(broker, work, confirmed):
        for _ in range(300 if pytestconfig.getoption("--full-faults") else 15):
            await reaches(confirmed, len(confirmed) + moments.randrange(1, 30))
            proxy.cut()
    received = await take_all(direct, work, set(confirmed))
    assert set(received) >= set(confirmed)


async def test_short_of_memory_nothing_is_confirmed_and_acknowledgements_get_through(
    direct: RabbitBroker, rabbitmq_server: RabbitServer, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await direct.publish(work, [message(1), message(2)])
    await asyncio.to_thread(rabbitmq_server.limit_memory, "1")
    try:
        with monkeypatch.context() as impatient:
            impatient.setattr(rabbitmq_publisher, "ANSWER_SECONDS", 0.5)
            with pytest.raises(BrokerUnavailableError):
                await direct.publish(work, [message(3)])
        assert "did not answer" in await direct.problem()
        await take_all(direct, work, {"message-1", "message-2"})
        await depth_becomes(direct, work, 0)
    finally:
        await asyncio.to_thread(rabbitmq_server.limit_memory, MEMORY)
    await publish_until_confirmed(direct, work, message(3))
    await take_all(direct, work, {"message-3"})


async def test_a_deleted_queue_ends_its_consumer(
    direct: RabbitBroker, rabbitmq_server: RabbitServer, work: str
) -> None:
    async with direct.consume(work, prefetch=1) as deliveries:
        waiting = asyncio.create_task(following(deliveries))
        await asyncio.to_thread(rabbitmq_server.manage, "DELETE", f"/queues/%2F/{work}")
        with pytest.raises(UnknownQueueError):
            await waiting


async def test_one_message_that_is_too_big_harms_no_other(direct: RabbitBroker, work: str) -> None:
    too_big = Message("too-big", bytes(17 * 1024 * 1024))
    sending = [direct.publish(work, [message(number)]) for number in range(50)]
    sending.insert(25, direct.publish(work, [too_big]))
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert isinstance(answers.pop(25), MessageRefusedError)
    assert answers == [None] * 50
    await depth_becomes(direct, work, 50)


async def test_of_one_id_the_returned_message_is_not_taken_for_confirmed(
    direct: RabbitBroker, work: str
) -> None:
    nowhere = queue_name()
    sending = [direct.publish(queue, [message(0)]) for _ in range(40) for queue in (work, nowhere)]
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert answers[::2] == [None] * 40
    assert all(isinstance(answer, UnknownQueueError) for answer in answers[1::2])
    await depth_becomes(direct, work, 40)


async def test_what_cannot_wait_is_put_back_at_once(
    direct: RabbitBroker, rabbitmq_server: RabbitServer, work: str
) -> None:
    await asyncio.to_thread(rabbitmq_server.manage, "DELETE", f"/queues/%2F/{wait_queue(work, 300)}")
    await direct.publish(work, [message()])
    async with direct.consume(work, prefetch=1) as deliveries:
        await (await following(deliveries)).nack(delay_seconds=299)
        assert (await following(deliveries)).delivery_count == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"x-death": "forged"},
        {"x-death": [{"queue": "elsewhere.wait.1s", "reason": "expired"}], "sn-deliveries": "many"},
        {"x-death": [{"count": 1}] * 500},
        {"list": [1, {"a": None}], "nothing": None, "bytes": bytearray(b"\xff\x00")},
    ],
)
async def test_odd_messages_of_strangers_are_handed_out(
    direct: RabbitBroker, rabbitmq_server: RabbitServer, work: str, headers: aio_pika.abc.HeadersType
) -> None:
    async with await aio_pika.connect(rabbitmq_server.url) as connection, connection.channel() as channel:
        await channel.default_exchange.publish(aio_pika.Message(b"\x00\xff", headers=headers), work)
    async with direct.consume(work, prefetch=1) as deliveries:
        delivery = await following(deliveries)
        assert delivery.message.body == b"\x00\xff"
        assert delivery.message.message_id
        assert delivery.delivery_count == 1
        assert not [name for name in delivery.message.headers if name.startswith(("x-", "sn-"))]


@pytest.mark.parametrize(
    "header",
    [
        {"long" * 33: "a name of 132 bytes"},
        {"x-death": "RabbitMQ's own"},
        {"price": 0.1},
        {"huge": 2**63},
        {"surrogate": "\ud800"},
    ],
)
async def test_headers_that_would_be_altered_are_refused(
    direct: RabbitBroker, work: str, header: dict[str, str | float]
) -> None:
    with pytest.raises(MessageRefusedError):
        await direct.publish(work, [Message("id", b"", headers=header)])
    assert await direct.depth(work) == 0


async def test_nobody_there_says_so_without_the_password(rabbitmq_server: RabbitServer) -> None:
    url = f"amqp://guest:sentinel-password@127.0.0.1:{free_port()}/"
    async with RabbitBroker(url, name="tests") as broker:
        with pytest.raises(BrokerUnavailableError) as refused:
            await broker.publish("work", [message()])
        assert "does not answer" in await broker.problem()
    assert "sentinel" not in str(refused.value)


async def test_a_wrong_password_says_so(rabbitmq_server: RabbitServer) -> None:
    url = rabbitmq_server.url.replace("guest:guest", "guest:wrong")
    async with RabbitBroker(url, name="tests") as broker:
        assert await broker.problem() == "RabbitMQ refused the user or the password"

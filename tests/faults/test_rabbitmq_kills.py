"""T3 and T21: RabbitMQ is killed, frozen, cut off, and gone again and again. I3, W9, W10, W14."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from backend.http import httpx
from backend.messaging.topology import QUEUES
from tests.faults.stand import Stand, until
from tests.faults.worker import steady_worker
from tests.fixtures.rabbitmq_server import RabbitServer
from tests.fixtures.tcp_proxy import tcp_proxy


def close_by_management(server: RabbitServer) -> None:
    """Close every connection, as an operator does in the management screen."""
    found = server.manage("GET", "/connections")
    assert isinstance(found, list)
    for connection in found:
        with suppress(httpx.HTTPStatusError):  # gone meanwhile
            server.manage("DELETE", f"/connections/{connection['name']}")


def close_all(server: RabbitServer) -> None:
    server.control("close_all_connections", "by the test")


def freeze(server: RabbitServer) -> None:
    """Let the node stand still for a while: nothing ends, nothing is answered."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(1.5)
    finally:
        server.process.send_signal(signal.SIGCONT)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("harm", "counts"),
    [
        (RabbitServer.restart, (1, 200)),
        (close_all, (1, 20)),
        (close_by_management, (1, 300)),
        (freeze, (1, 50)),
    ],
    ids=["kill -9", "close_all_connections", "connections closed", "frozen"],
)
async def test_t3_harm_to_rabbitmq_during_publishing_and_acknowledging(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer, harm: Callable[[RabbitServer], None],
    counts: tuple[int, int], full: bool,
) -> None:  # fmt: skip
    """What was confirmed is there, what is unknown is sent again under the same id, and work goes on."""
    stand, chance = rabbitmq_stand, random.Random(4711)
    async with stand.broker() as broker, steady_worker(broker, stand.ledger.judge):
        stand.start()
        for _ in range(counts[full]):
            await stand.produce(broker, 40)
            await until(stand.has_taken_in)
            stand.make_and_start()
            more = asyncio.create_task(stand.produce(broker, 200))
            before, wanted = sum(stand.ledger.seen.values()), chance.randint(1, 30)
            await until(lambda: sum(stand.ledger.seen.values()) >= before + wanted)  # noqa: B023
            await asyncio.to_thread(harm, rabbitmq_server)
            stand.ledger.kills += 1
            await more
            await until(stand.is_well)
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)


@pytest.mark.timeout(3600)
async def test_t21_a_broker_that_is_gone_and_back_again_and_again_gets_its_consumers_back(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer, full: bool
) -> None:
    """Each time it comes back both consumers are attached again, and the backlog drains by itself."""
    stand = rabbitmq_stand
    async with (
        tcp_proxy(rabbitmq_server.port) as proxy,
        stand.broker() as broker,
        steady_worker(broker, stand.ledger.judge),
    ):
        stand.amqp_url = rabbitmq_server.url_at(proxy.port)
        await asyncio.to_thread(stand.start)
        for _ in range(100 if full else 2):
            await until(stand.is_well)
            proxy.go_down()
            stand.ledger.kills += 1
            await until(lambda: not stand.is_well())
            await stand.produce(broker, 30)
            proxy.come_up()
            await until(stand.has_taken_in)
            await asyncio.to_thread(stand.make_and_start)
        # RabbitMQ takes a moment to forget those whose connection was cut, and to list the new ones.
        await until(lambda: consumers(rabbitmq_server) == {queue.name: 1 for queue in QUEUES})
        await stand.resolve_all()
        await asyncio.to_thread(stand.ledger.check_sendings, stand.operations)


def consumers(server: RabbitServer) -> dict[str, int]:
    """How many consumers each queue has, as RabbitMQ's list of consumers says."""
    found = server.manage("GET", "/consumers")
    assert isinstance(found, list)
    names = [consumer["queue"]["name"] for consumer in found]
    return {name: names.count(name) for name in names}

"""What every adapter of the Broker port owes when processes die; a test class a adapter inherits these tests.

The class that inherits gives the fixtures `broker`, `server`, which these tests kill and start again, and
`reach`, what `consumer_process` needs to know to reach that server.
"""

import asyncio
import contextlib
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest

from backend.messaging.port import Broker, BrokerError, QueueSpec
from tests.backend.messaging.broker_contract import (
    LEASE,
    depth_becomes,
    following,
    message,
    publish_until_confirmed,
    queue_name,
    take_all,
)

PATIENCE = 60.0


class Server(Protocol):
    """A broker's server."""

    def kill(self) -> None: ...

    def start(self) -> None: ...


class OutageContract:
    """kill -9 of consumers and of the server: nothing is lost."""

    @pytest.fixture
    async def work(self, broker: Broker) -> str:
        """A queue without a limit and with a short lease."""
        name = queue_name()
        await broker.declare([QueueSpec(name, lease_seconds=LEASE)])
        return name

    @pytest.mark.parametrize("after", [1, 7])
    async def test_a_killed_consumer_loses_nothing(
        self, broker: Broker, work: str, reach: dict[str, Any], after: int
    ) -> None:
        everything = {f"message-{number}" for number in range(60)}
        await broker.publish(work, [message(number) for number in range(60)])
        received = set(await asyncio.to_thread(run_and_kill, {**reach, "queue": work}, after))
        async with broker.consume(work, prefetch=20) as deliveries:
            # The one it acknowledged without living to say so is the only one that may be missing here.
            while len(everything - received) > 1 or await broker.depth(work):
                delivery = await following(deliveries)
                received.add(delivery.message.message_id)
                await delivery.ack()

    @pytest.mark.timeout(900)
    async def test_what_was_confirmed_survives_the_death_of_the_server(
        self, broker: Broker, work: str, server: Server, pytestconfig: pytest.Config
    ) -> None:
        confirmed: list[str] = []
        async with publishing(broker, work, confirmed):
            for _ in range(8 if pytestconfig.getoption("--full-faults") else 1):
                await reaches(confirmed, len(confirmed) + 100)
                await asyncio.to_thread(restart, server)
            await reaches(confirmed, len(confirmed) + 50)
        assert len(set(confirmed)) == len(confirmed)
        assert set(await take_all(broker, work, set(confirmed))) >= set(confirmed)

    async def test_a_consumer_outlives_the_death_of_the_server(
        self, broker: Broker, work: str, server: Server
    ) -> None:
        everything = {f"message-{number}" for number in range(400)}
        await broker.publish(work, [message(number) for number in range(400)])
        received: list[str] = []
        consumer = asyncio.create_task(consume(broker, work, received))
        await reaches(received, 100)
        await asyncio.to_thread(restart, server)
        async with asyncio.timeout(PATIENCE):
            while set(received) != everything:  # noqa: ASYNC110 - a list tells nobody
                await asyncio.sleep(0.02)
        await depth_becomes(broker, work, 0)
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)


def restart(server: Server) -> None:
    server.kill()
    server.start()


async def reaches(what: list[str], length: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(what) < length:  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0.02)


@asynccontextmanager
async def publishing(broker: Broker, queue: str, confirmed: list[str]) -> AsyncIterator[None]:
    """Four publishers that send a message again, under its id, until it is confirmed."""
    numbers = itertools.count()
    ended = asyncio.Event()

    async def publish() -> None:
        while not ended.is_set():
            one = message(next(numbers))
            await publish_until_confirmed(broker, queue, one)
            confirmed.append(one.message_id)

    publishers = [asyncio.create_task(publish()) for _ in range(4)]
    try:
        yield
    finally:
        ended.set()
        await asyncio.wait_for(asyncio.gather(*publishers), PATIENCE)


async def consume(broker: Broker, queue: str, received: list[str]) -> None:
    async with broker.consume(queue, prefetch=10) as deliveries:
        async for delivery in deliveries:
            received.append(delivery.message.message_id)
            await asyncio.sleep(0)
            with contextlib.suppress(BrokerError):  # it comes again
                await delivery.ack()


def run_and_kill(given: dict[str, Any], after: int) -> list[str]:
    """Start a consumer, kill it after it said `after` acknowledgements, and give them."""
    command = [sys.executable, "-m", "tests.backend.messaging.consumer_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        said = [process.stdout.readline().strip() for _ in range(after)]
        process.kill()
        said += process.stdout.read().split()
    return said

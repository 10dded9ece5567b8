"""kill -9 of consumers: nothing is lost."""

import asyncio
import json
import subprocess
import sys

import pytest

from backend.database.address import DatabaseAddress
from backend.messaging.port import QueueSpec
from backend.messaging.postgres import PostgresBroker
from tests.backend.messaging.broker_contract import LEASE, following, message
from tests.backend.messaging.test_postgres_broker import broker  # noqa: F401 - a fixture

MESSAGES = 60


@pytest.mark.parametrize("after", [1, 3, 7])
async def test_a_killed_consumer_loses_nothing(
    broker: PostgresBroker,  # noqa: F811 - the fixture
    operations_db: DatabaseAddress,
    after: int,
) -> None:
    await broker.declare([QueueSpec("work", lease_seconds=LEASE)])
    everything = {f"message-{number}" for number in range(MESSAGES)}
    await broker.publish("work", [message(number) for number in range(MESSAGES)])
    acknowledged = await asyncio.to_thread(run_and_kill, operations_db, after)
    received = set(acknowledged)
    async with broker.consume("work", prefetch=20) as deliveries:
        while received != everything:
            delivery = await following(deliveries)
            # The one it acknowledged without living to say so is the only one that may be missing here.
            received.add(delivery.message.message_id)
            await delivery.ack()
            if await broker.depth("work") == 0:
                break
    assert len(everything - received) <= 1


def run_and_kill(address: DatabaseAddress, after: int) -> list[str]:
    """Start a consumer, kill it after it said `after` acknowledgements, and give them."""
    command = [sys.executable, "-m", "tests.backend.messaging.consumer_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"conninfo": address.conninfo(), "queue": "work"}) + "\n")
        process.stdin.flush()
        said = [process.stdout.readline().strip() for _ in range(after)]
        process.kill()
        said += process.stdout.read().split()
    return said

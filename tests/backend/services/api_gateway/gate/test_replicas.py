"""Two gateway processes that share a real Redis never exceed a limit together."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from backend.http import httpx
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.fixtures.redis_server import RedisServer
from tests.waiting import wait_until

CALLS = 56
"""Deezer allows 50 in 5 s: two gateways that did not know of each other would send all of them at once."""


@contextmanager
def gateway(simulator: SimulatorHandle, redis: RedisServer, log: Path) -> Iterator[str]:
    """A gateway's address. It has no database: the gates need none."""
    port = free_port()
    environment = {
        **os.environ,
        "SONGNODES_PORT": str(port),
        "SONGNODES_DATABASE_PORT": str(free_port()),
        "SONGNODES_SIMULATOR_URL": simulator.url,
        "SONGNODES_REDIS_URL": redis.url,
        "SONGNODES_GATE_PATIENCE_SECONDS": "20",
    }
    command = [sys.executable, "-m", "backend.services.api_gateway"]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def two_gateways(
    simulator_server: SimulatorHandle,
    redis_process: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    redis_process.flush()
    logs = tmp_path_factory.mktemp("logs")
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(gateway(simulator_server, redis_process, logs / f"{number}.log"))
            for number in range(2)
        )
        wait_until(lambda: answers(first) and answers(second), 60)
        yield first, second


async def test_two_gateways_share_one_budget(
    two_gateways: tuple[str, str], simulator: SimulatorHandle
) -> None:
    simulator.turn("deezer")
    before = simulator.counts("deezer")
    async with httpx.AsyncClient(timeout=60) as client:
        calls = (client.get(f"{two_gateways[n % 2]}/api/deezer/track/{9_000_000 + n}") for n in range(CALLS))
        replies = await asyncio.gather(*calls)
    assert {reply.status_code for reply in replies} == {404}  # all were asked, none was refused
    after = simulator.counts("deezer")
    assert after["requests"] == before["requests"] + CALLS
    assert after["troubles"].get("over_limit", 0) == before["troubles"].get("over_limit", 0)


async def test_one_gateways_throttled_call_holds_back_the_other(
    two_gateways: tuple[str, str], simulator: SimulatorHandle
) -> None:
    simulator.turn("spotify", throttle_rate=1.0, retry_after_seconds=600, enforce_limit=False)
    async with httpx.AsyncClient(timeout=60) as client:
        throttled = await client.get(f"{two_gateways[0]}/api/spotify/track/11dFghVXANMlKmJXsNCbNl")
        asked = simulator.counts("spotify")["requests"]
        held_back = await client.get(f"{two_gateways[1]}/api/spotify/track/11dFghVXANMlKmJXsNCbNl")
    assert (throttled.status_code, held_back.status_code) == (429, 429)
    assert int(held_back.headers["retry-after"]) > 500
    assert simulator.counts("spotify")["requests"] == asked

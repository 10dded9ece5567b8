"""Gateways as processes of their own that share a real Redis. They have no database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.http import httpx
from tests.backend.services.api_gateway.serving import TOKEN
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.fixtures.redis_server import RedisServer


@contextmanager
def gateway_process(simulator: SimulatorHandle, redis: RedisServer, log: Path) -> Iterator[str]:
    """A gateway's address; it may not answer yet. Admin calls take `TOKEN`."""
    port = free_port()
    environment = {
        **os.environ,
        "SONGNODES_PORT": str(port),
        "SONGNODES_DATABASE_PORT": str(free_port()),
        "SONGNODES_SIMULATOR_URL": simulator.url,
        "SONGNODES_REDIS_URL": redis.url,
        "SONGNODES_ADMIN_TOKEN": TOKEN,
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
    """Whether a gateway is up."""
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False

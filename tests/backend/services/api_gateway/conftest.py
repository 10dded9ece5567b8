"""Fixtures of the gateway's tests."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.api_gateway.app import create_app
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.bench import Bench
from tests.backend.services.api_gateway.gateway_processes import answers, gateway_process
from tests.backend.services.api_gateway.serving import settings_for
from tests.fixtures.provider_simulator import SimulatorHandle, running_simulator, serving
from tests.fixtures.redis_server import RedisServer
from tests.waiting import wait_until

_SIBLING = Path(__file__).parents[5] / "shared" / "provider-samples"


def sample_files(pattern: str) -> list[Path]:
    """Recorded provider answers; the folder is named by PROVIDER_SAMPLES, or stands beside the project."""
    folder = Path(os.environ.get("PROVIDER_SAMPLES", _SIBLING))
    found = sorted(folder.glob(pattern)) if folder.is_dir() else []
    return [file for file in found if not file.name.endswith(".meta.json")]


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[SimulatorHandle]:
    """One simulator for all tests of the gateway."""
    with running_simulator() as handle:
        yield handle


@pytest.fixture
def simulator(simulator_server: SimulatorHandle) -> SimulatorHandle:
    """The simulator with all knobs at rest: no latency, no limit, no trouble."""
    simulator_server.rest()
    return simulator_server


@pytest.fixture
async def bench(simulator: SimulatorHandle) -> AsyncIterator[Bench]:
    """The providers over the simulator, no call tried again; their records stay in the queue."""
    settings = GatewaySettings(port=8022, simulator_url=simulator.url, gate_patience_seconds=3, retry_share=0)
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        yield Bench(dict(providers), recorder)


@pytest.fixture
def gateway(
    simulator: SimulatorHandle, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> Iterator[httpx.Client]:
    """A client of the gateway's application, served over real HTTP."""
    app = create_app(settings_for(simulator, musicdb, operations_db))
    with serving(app, app.state.protocol) as url, httpx.Client(base_url=url) as client:
        yield client
        app.state.end_streams()


@pytest.fixture(scope="module")
def two_gateways(
    simulator_server: SimulatorHandle,
    redis_process: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    """Addresses of two gateway processes over one Redis, which is empty at first."""
    redis_process.flush()
    logs = tmp_path_factory.mktemp("logs")
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(gateway_process(simulator_server, redis_process, logs / f"{number}.log"))
            for number in range(2)
        )
        wait_until(lambda: answers(first) and answers(second), 60)
        yield first, second

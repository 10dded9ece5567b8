"""Fixtures of the simulator's tests."""

from collections.abc import Iterator

import pytest

from backend.http import httpx
from backend.sandbox.catalogue import Recording, load_catalogue
from tests.fixtures.provider_simulator import SimulatorHandle, running_simulator


@pytest.fixture(scope="session")
def recordings() -> tuple[Recording, ...]:
    """The catalogue as shipped."""
    return load_catalogue()


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[SimulatorHandle]:
    """One simulator for all tests of it."""
    with running_simulator() as handle:
        yield handle


@pytest.fixture
def simulator(simulator_server: SimulatorHandle) -> SimulatorHandle:
    """The simulator with all knobs at rest."""
    simulator_server.rest()
    return simulator_server


@pytest.fixture
def client(simulator: SimulatorHandle) -> Iterator[httpx.Client]:
    """A plain HTTP client of the simulator."""
    with httpx.Client(base_url=simulator.url, headers={"User-Agent": "tests/1"}, timeout=20) as opened:
        yield opened

"""The nursery, and stands over both brokers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from tests.faults.nursery import Nursery
from tests.faults.stand import Stand
from tests.fixtures.rabbitmq_server import RabbitServer


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Makes managers quickly."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(params=["postgres", "rabbitmq"])
def stand(request: pytest.FixtureRequest) -> Stand:
    """Over each broker, with empty queues."""
    found: Stand = request.getfixturevalue(f"{request.param}_stand")
    return found


@pytest.fixture
def postgres_stand(
    tmp_path: Path, musicdb: DatabaseAddress, operations_db: DatabaseAddress, nursery: Nursery
) -> Iterator[Stand]:
    """The queues in the operations database."""
    made = Stand(tmp_path, musicdb, operations_db, nursery)
    yield made
    made.close()


@pytest.fixture
def rabbitmq_stand(
    tmp_path: Path,
    musicdb: DatabaseAddress,
    operations_db: DatabaseAddress,
    nursery: Nursery,
    rabbitmq_server: RabbitServer,
) -> Iterator[Stand]:
    """The queues in RabbitMQ, empty."""
    rabbitmq_server.empty_queues()
    made = Stand(tmp_path, musicdb, operations_db, nursery, rabbitmq_server.url)
    yield made
    made.close()


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """Whether the real counts are asked for."""
    return bool(pytestconfig.getoption("--full-faults"))

"""The nursery, and stands over both brokers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from psycopg_pool import AsyncConnectionPool

from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.database.migrations.runner import MigrationRunner
from backend.services.common.database import Pool
from tests.conftest import MIGRATIONS
from tests.faults.nursery import Nursery
from tests.faults.stand import Stand
from tests.fixtures.postgres import PostgresNode, new_server
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
async def pool(operations_db: DatabaseAddress) -> AsyncIterator[Pool]:
    """Connections to an operations database."""
    async with AsyncConnectionPool(
        kwargs=operations_db.conninfo(), min_size=1, max_size=10, open=False, timeout=5
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresNode]:
    """A PostgreSQL server that may be killed; it commits durably. Holds a migrated `template`."""
    folder = tmp_path_factory.mktemp("postgres_node")
    node = PostgresNode(new_server(folder, synchronous_commit="on"), folder / "log")
    node.server.initialise()
    node.start()
    migrated(node.server.address("template"))
    yield node
    node.kill()


@pytest.fixture
def node_database(postgres_node: PostgresNode, database_numbers: Iterator[int]) -> DatabaseAddress:
    """A fresh operations database on the server that may be killed."""
    address = postgres_node.server.address(f"operations_{next(database_numbers)}")
    ensure_database(address, "template")
    return address


@pytest.fixture(params=["postgres", "rabbitmq"])
def node_stand(
    request: pytest.FixtureRequest, tmp_path: Path, node_database: DatabaseAddress, nursery: Nursery
) -> Iterator[Stand]:
    """Over each broker, with a PostgreSQL that may be killed; there is no music database."""
    url = None
    if request.param == "rabbitmq":
        server: RabbitServer = request.getfixturevalue("rabbitmq_server")
        server.empty_queues()
        url = server.url
    made = Stand(tmp_path, node_database, node_database, nursery, url)
    yield made
    made.close()


def migrated(address: DatabaseAddress) -> None:
    """Make an operations database, unless it is there, and bring it up to date."""
    ensure_database(address)
    MigrationRunner(address, MIGRATIONS / "operations").apply(
        run="tests", applied_by="tests", progress=_ignore
    )


def _ignore(_text: str) -> None:
    """Nobody watches."""


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """Whether the real counts are asked for."""
    return bool(pytestconfig.getoption("--full-faults"))

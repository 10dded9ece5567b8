"""The PostgreSQL adapter when processes die."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from backend.database.migrations.runner import MigrationRunner
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from tests.backend.messaging.outage_contract import OutageContract
from tests.conftest import MIGRATIONS
from tests.fixtures import postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.PostgresNode]:
    folder = tmp_path_factory.mktemp("postgres_outages")
    node = postgres.PostgresNode(postgres.new_server(folder, synchronous_commit="on"), folder / "log")
    node.server.initialise()
    node.start()
    runner = MigrationRunner(node.address, MIGRATIONS / "operations")
    runner.apply(run="tests", applied_by="tests", progress=lambda _text: None)
    yield node
    node.kill()


class TestPostgresOutages(OutageContract):
    """The contract over PostgreSQL."""

    @pytest.fixture
    async def broker(self, server: postgres.PostgresNode) -> AsyncIterator[PostgresBroker]:
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            kwargs=server.address.conninfo(), min_size=1, max_size=10, open=False, timeout=5
        )
        async with pool:
            yield PostgresBroker(pool)

    @pytest.fixture
    def reach(self, server: postgres.PostgresNode) -> dict[str, Any]:
        return {"conninfo": server.address.conninfo()}

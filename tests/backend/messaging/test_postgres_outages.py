"""The PostgreSQL adapter when processes die."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from backend.database.address import DatabaseAddress
from backend.database.embedded import EmbeddedPostgres
from backend.database.migrations.runner import MigrationRunner
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from tests.backend.messaging.outage_contract import OutageContract
from tests.conftest import MIGRATIONS
from tests.fixtures import postgres


@dataclass
class PostgresNode:
    """A server of its own, for it is killed."""

    server: EmbeddedPostgres
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> DatabaseAddress:
        return self.server.address("operations")

    def start(self) -> None:
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(self.server.command(), stdout=stream, stderr=stream)
        postgres.wait_until_accepting(self.server, self.process, self.log)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresNode]:
    folder = tmp_path_factory.mktemp("postgres_outages")
    node = PostgresNode(postgres.new_server(folder, synchronous_commit="on"), folder / "log")
    node.server.initialise()
    node.start()
    runner = MigrationRunner(node.address, MIGRATIONS / "operations")
    runner.apply(run="tests", applied_by="tests", progress=lambda _text: None)
    yield node
    node.kill()


class TestPostgresOutages(OutageContract):
    """The contract over PostgreSQL."""

    @pytest.fixture
    async def broker(self, server: PostgresNode) -> AsyncIterator[PostgresBroker]:
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            kwargs=server.address.conninfo(), min_size=1, max_size=10, open=False, timeout=5
        )
        async with pool:
            yield PostgresBroker(pool)

    @pytest.fixture
    def reach(self, server: PostgresNode) -> dict[str, Any]:
        return {"conninfo": server.address.conninfo()}

"""A running stack for the end-to-end tests, once for the module that uses it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.database.databases import drop_database, ensure_database
from backend.database.embedded import EmbeddedPostgres
from tests.fixtures.provider_simulator import running_simulator
from tests.fixtures.service_processes import ServiceProcesses, running_services


@pytest.fixture(scope="module")
def services(
    postgres_server: EmbeddedPostgres,
    musicdb_template: str,
    operations_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServiceProcesses]:
    """Gateway, enrichment and dead-letter manager as processes, over the real simulator and databases."""
    folder: Path = tmp_path_factory.mktemp("services")
    musicdb = postgres_server.address(f"musicdb_{folder.name}")
    operations = postgres_server.address(f"operations_{folder.name}")
    ensure_database(musicdb, musicdb_template)
    ensure_database(operations, operations_template)
    with (
        running_simulator() as simulator,
        running_services(folder, musicdb, operations, simulator) as running,
    ):
        yield running
    drop_database(musicdb)
    drop_database(operations)


@pytest.fixture
def healthy(services: ServiceProcesses) -> ServiceProcesses:
    """The stack with well-behaved providers and closed breakers."""
    services.heal()
    return services

"""A running stack for the end-to-end tests, once for the module that uses it."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.database.databases import drop_database, ensure_database
from backend.database.embedded import EmbeddedPostgres
from tests.backend.services.metadata_enrichment.bulk import start_workers
from tests.fixtures.provider_simulator import running_simulator
from tests.fixtures.rabbitmq_server import RabbitServer
from tests.fixtures.service_processes import ENRICHMENT, GATEWAY, ServiceProcesses, running_services


@pytest.fixture(scope="module")
def services(
    postgres_server: EmbeddedPostgres,
    musicdb_template: str,
    operations_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServiceProcesses]:
    """Gateway, enrichment and dead-letter manager as processes, over the real simulator and databases."""
    folder = tmp_path_factory.mktemp("services")
    with (
        databases(postgres_server, folder, musicdb_template, operations_template) as (music, operations),
        running_simulator() as simulator,
        running_services(folder, music, operations, simulator) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def bulk(
    postgres_server: EmbeddedPostgres,
    musicdb_template: str,
    operations_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServiceProcesses]:
    """The same, with providers without limits, and no worker but those that a test starts."""
    folder = tmp_path_factory.mktemp("bulk")
    with (
        databases(postgres_server, folder, musicdb_template, operations_template) as made,
        bulk_services(folder, *made) as running,
    ):
        yield running


@pytest.fixture
def workers(bulk: ServiceProcesses) -> ServiceProcesses:
    """The stack of `bulk` with well-behaved providers and both workers."""
    bulk.heal()
    start_workers(bulk)
    return bulk


@pytest.fixture
def revisiting(workers: ServiceProcesses) -> Iterator[ServiceProcesses]:
    """The stack of `workers`, with a service that looks for providers that are back."""
    settings = {"SONGNODES_REVISIT_SHARE": "0.5", "SONGNODES_REVISIT_SECONDS": "0.2"}
    workers.end(ENRICHMENT, signal.SIGTERM)
    workers.more.update(settings)
    workers.start(ENRICHMENT)
    yield workers
    for name in settings:
        del workers.more[name]


@pytest.fixture(params=["postgres", "rabbitmq"])
def killable(
    request: pytest.FixtureRequest, musicdb: DatabaseAddress, operations_db: DatabaseAddress, tmp_path: Path
) -> Iterator[ServiceProcesses]:
    """A stack as `workers` over each broker, for one test alone."""
    with ExitStack() as stack:
        settings = {}
        if request.param == "rabbitmq":
            server: RabbitServer = request.getfixturevalue("rabbitmq_server")
            settings["SONGNODES_AMQP_URL"] = stack.enter_context(server.virtual_host())
            settings["SONGNODES_AMQP_MANAGEMENT_URL"] = server.management_url
        running = stack.enter_context(bulk_services(tmp_path, musicdb, operations_db, **settings))
        start_workers(running)
        yield running


@contextmanager
def bulk_services(
    folder: Path, musicdb: DatabaseAddress, operations: DatabaseAddress, **more: str
) -> Iterator[ServiceProcesses]:
    """The services with providers without limits, and no worker."""
    with (
        running_simulator() as simulator,
        running_services(
            folder,
            musicdb,
            operations,
            simulator,
            modules={GATEWAY: "tests.fixtures.unlimited_gateway"},
            SONGNODES_WORKER_CONCURRENCY="0",
            SONGNODES_BULK_PATIENCE_SECONDS="2",
            **more,
        ) as running,
    ):
        yield running


@contextmanager
def databases(
    server: EmbeddedPostgres, folder: Path, musicdb_template: str, operations_template: str
) -> Iterator[tuple[DatabaseAddress, DatabaseAddress]]:
    """A music and an operations database of their own."""
    musicdb = server.address(f"musicdb_{folder.name}")
    operations = server.address(f"operations_{folder.name}")
    ensure_database(musicdb, musicdb_template)
    ensure_database(operations, operations_template)
    yield musicdb, operations
    drop_database(musicdb)
    drop_database(operations)


@pytest.fixture
def healthy(services: ServiceProcesses) -> ServiceProcesses:
    """The stack with well-behaved providers and closed breakers."""
    services.heal()
    return services

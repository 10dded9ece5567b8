"""Fixtures that every test may use: a real PostgreSQL server and fresh databases on it."""

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.database.databases import drop_database, ensure_database
from backend.database.embedded import EmbeddedPostgres
from backend.database.migrations.runner import MigrationRunner
from tests.fixtures import postgres
from tests.fixtures.docker_engine import DockerEngine, running_engine, what_is_missing
from tests.fixtures.rabbitmq_server import RabbitServer, running_rabbitmq
from tests.fixtures.redis_server import RedisServer, running_redis

MIGRATIONS = Path(__file__).parents[1] / "resources" / "migrations"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch for tests that take too long for every run."""
    parser.addoption(
        "--full-faults",
        action="store_true",
        help="kill in every step and many times over, not only in a choice of them",
    )


def pytest_configure() -> None:
    """A shell starts what runs in its background with SIGINT ignored, and every child would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A real server on a free port, for the whole test session."""
    folder = tmp_path_factory.mktemp("server")
    server = postgres.new_server(folder)
    with postgres.running(server, folder / "postgres.log"):
        yield server


@pytest.fixture(scope="session")
def database_numbers() -> Iterator[int]:
    """Numbers that make the names of databases differ."""
    return itertools.count(1)


@pytest.fixture
def empty_database(
    postgres_server: EmbeddedPostgres, database_numbers: Iterator[int]
) -> Iterator[DatabaseAddress]:
    """A database with nothing in it."""
    yield from _fresh(postgres_server.address(f"empty_{next(database_numbers)}"), "template0")


@pytest.fixture(scope="session")
def musicdb_template(postgres_server: EmbeddedPostgres) -> str:
    """Name of a database with all medallion migrations, to copy from."""
    return _migrated(postgres_server.address("template_musicdb"), MIGRATIONS / "medallion")


@pytest.fixture(scope="session")
def operations_template(postgres_server: EmbeddedPostgres) -> str:
    """Name of a database with all operations migrations, to copy from."""
    return _migrated(postgres_server.address("template_operations"), MIGRATIONS / "operations")


@pytest.fixture
def musicdb(
    postgres_server: EmbeddedPostgres, musicdb_template: str, database_numbers: Iterator[int]
) -> Iterator[DatabaseAddress]:
    """A fresh migrated music database, dropped after the test."""
    yield from _fresh(postgres_server.address(f"musicdb_{next(database_numbers)}"), musicdb_template)


@pytest.fixture
def operations_db(
    postgres_server: EmbeddedPostgres, operations_template: str, database_numbers: Iterator[int]
) -> Iterator[DatabaseAddress]:
    """A fresh migrated operations database (queues, dead letters), dropped after the test."""
    yield from _fresh(postgres_server.address(f"operations_{next(database_numbers)}"), operations_template)


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis server for the whole test session; tests that kill or freeze one start their own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """The session's Redis server, empty."""
    redis_process.flush()
    return redis_process


@pytest.fixture(scope="session")
def rabbitmq_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """One RabbitMQ node for the whole test session; a test that kills it starts it again."""
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A real Docker engine with the images that docker-compose.yml names, for the whole test session."""
    missing = what_is_missing()
    if missing and os.environ.get("CI"):
        pytest.fail(f"no Docker engine: {missing}")
    if missing:
        pytest.skip(f"no Docker engine: {missing}")
    with running_engine() as engine:
        yield engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the engine is marked `docker`, and may wait for the images to be made."""
    for item in items:
        if "docker_engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.timeout(1200))


def _fresh(address: DatabaseAddress, template: str) -> Iterator[DatabaseAddress]:
    ensure_database(address, template)
    yield address
    drop_database(address)


def _migrated(address: DatabaseAddress, folder: Path) -> str:
    MigrationRunner(address, folder).apply(run="template", applied_by="tests", progress=_ignore)
    return address.name


def _ignore(_text: str) -> None:
    """Nobody watches the templates being made."""

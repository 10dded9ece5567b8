"""The dead-letter manager's parts over a real operations database."""

from collections.abc import AsyncIterator, Iterator

import pytest
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from backend.database.address import DatabaseAddress
from backend.messaging.postgres import PostgresBroker
from backend.messaging.topology import QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.app import create_app
from backend.services.dlq_manager.settings import DlqSettings
from tests.backend.services.dlq_manager.manager import TOKEN, Manager, ManagerAddress
from tests.fixtures.provider_simulator import serving


@pytest.fixture
async def pool(operations_db: DatabaseAddress) -> AsyncIterator[Pool]:
    async with AsyncConnectionPool(
        kwargs=operations_db.conninfo(), min_size=1, max_size=10, open=False, timeout=5
    ) as opened:
        yield opened


@pytest.fixture
async def manager(pool: Pool) -> Manager:
    """Intake, operations, outbox and outcomes, driven by the test step by step."""
    broker = PostgresBroker(pool)
    await broker.declare(QUEUES)
    return Manager(pool, broker)


@pytest.fixture
def served(operations_db: DatabaseAddress) -> Iterator[ManagerAddress]:
    """The whole application behind a socket."""
    with serving(create_app(settings_for(operations_db))) as url:
        yield ManagerAddress(url, operations_db)


def settings_for(operations_db: DatabaseAddress) -> DlqSettings:
    """Settings of a manager over this database."""
    return DlqSettings(
        admin_token=SecretStr(TOKEN),
        database_host=operations_db.host,
        database_port=operations_db.port,
        database_user=operations_db.user,
        operations_database=operations_db.name,
        database_password=SecretStr(operations_db.password or ""),
    )

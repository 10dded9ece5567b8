"""A pool on the test's own music database, and the application over it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from backend.database.address import DatabaseAddress
from backend.services.common.database import Database, Pool
from backend.services.metadata_enrichment.app import create_app
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.serving import settings_for
from tests.fixtures.provider_simulator import serving


@pytest.fixture
async def pool(musicdb: DatabaseAddress) -> AsyncIterator[Pool]:
    """Connections to the music database."""
    async with Database(musicdb.conninfo(), name="tests") as database:
        yield database.pool


@pytest.fixture
def operator(musicdb: DatabaseAddress) -> Iterator[Operator]:
    """Somebody who asks the served application; nothing here needs gateway or broker."""
    app = create_app(settings_for(musicdb, "no_broker_here"))
    with serving(app) as url, Operator(url) as asking:
        yield asking

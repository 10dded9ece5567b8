"""The service over one music database for a whole module: versions only ever become more."""

from collections.abc import Iterator

import pytest

from backend.database.address import DatabaseAddress
from backend.database.databases import drop_database, ensure_database
from backend.database.embedded import EmbeddedPostgres
from backend.services.metadata_enrichment.app import create_app
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.serving import settings_for
from tests.fixtures.provider_simulator import serving


@pytest.fixture(scope="module")
def music(
    postgres_server: EmbeddedPostgres, musicdb_template: str, database_numbers: Iterator[int]
) -> Iterator[DatabaseAddress]:
    """The music database of the module."""
    address = postgres_server.address(f"waterfall_{next(database_numbers)}")
    ensure_database(address, musicdb_template)
    yield address
    drop_database(address)


@pytest.fixture(scope="module")
def operator(music: DatabaseAddress) -> Iterator[Operator]:
    """Somebody who asks the served application; nothing of this module needs the broker."""
    with serving(create_app(settings_for(music, "no_broker_here"))) as url, Operator(url) as operator:
        yield operator

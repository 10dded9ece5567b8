"""An operations database for a benchmark, as safe as in production, with all migrations applied."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.database.migrations.runner import MigrationRunner
from tests.conftest import MIGRATIONS
from tests.fixtures import postgres

_SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@contextmanager
def operations_database(**settings: str) -> Iterator[DatabaseAddress]:
    """The database, until the block ends; `settings` of PostgreSQL besides the safe ones."""
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.new_server(Path(folder), **_SAFE, **settings)
        with postgres.running(server, Path(folder) / "postgres.log"):
            address = server.address("operations")
            ensure_database(address, "template0")
            runner = MigrationRunner(address, MIGRATIONS / "operations")
            runner.apply(run="benchmark", applied_by="benchmark", progress=_ignore)
            yield address


def _ignore(*_told: object) -> None:
    """Progress of migrations is of no interest here."""

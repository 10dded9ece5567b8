"""Two workers as processes: both walk a new version, also after their database was away."""

from contextlib import ExitStack
from pathlib import Path

from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.database.migrations.runner import MigrationRunner
from tests.backend.services.metadata_enrichment.configuration.operator import Operator, with_label_threshold
from tests.backend.services.metadata_enrichment.configuration.worker_process import running_workers
from tests.conftest import MIGRATIONS
from tests.fixtures import postgres
from tests.waiting import wait_until


def test_every_worker_walks_the_newest_version_also_after_a_restart_of_the_database(tmp_path: Path) -> None:
    server, log = postgres.new_server(tmp_path), tmp_path / "postgres.log"
    with ExitStack() as database:
        database.enter_context(postgres.running(server, log))
        with running_workers(2, tmp_path, migrated(server.address("music"))) as (first, second):
            assert put_in_force(first, 0.31)
            wait_until(lambda: (first.walked(), second.walked()) == (3, 3))
            database.close()
            assert (first.walked(), second.walked()) == (3, 3)
            database.enter_context(postgres.running(server, log))
            wait_until(lambda: put_in_force(second, 0.32), 40)
            wait_until(lambda: (first.walked(), second.walked()) == (4, 4))


def migrated(address: DatabaseAddress) -> DatabaseAddress:
    """The database with all medallion migrations."""
    ensure_database(address, "template0")
    MigrationRunner(address, MIGRATIONS / "medallion").apply(run="test", applied_by="tests", progress=_ignore)
    return address


def put_in_force(worker: Operator, least: float) -> bool:
    """Whether the next version came into force; not while the database is away."""
    if worker.ask("GET", "/admin/waterfall").status_code == 503:
        return False
    change = worker.change(with_label_threshold(worker.in_force().fields, least))
    return worker.apply(change).status_code == 201


def _ignore(_text: str) -> None:
    """Nobody watches the migrations."""

"""The project's own migrations: up, down and up again leave the same schema."""

import pytest

from backend.database.address import DatabaseAddress
from backend.database.migrations.files import load_set
from backend.database.migrations.runner import MigrationRunner
from tests.backend.database.test_migration_runner import ignore
from tests.conftest import MIGRATIONS
from tests.fixtures.postgres import dump_as_sql


def schema(address: DatabaseAddress) -> list[str]:
    """The schema as pg_dump writes it, without the record of migrations and lines that differ each time."""
    text = dump_as_sql(address, "--schema-only")
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


@pytest.mark.parametrize("name", ["medallion", "operations"])
def test_up_down_up_leaves_an_identical_schema(empty_database: DatabaseAddress, name: str) -> None:
    runner = MigrationRunner(empty_database, MIGRATIONS / name)
    versions = [migration.version for migration in load_set(MIGRATIONS / name)]
    runner.apply(run="first", applied_by="tests", progress=ignore)
    first = schema(empty_database)
    runner.revert_to("000", ignore)
    assert "CREATE TABLE" in "\n".join(first)
    left = [line for line in schema(empty_database) if line.startswith("CREATE ")]
    assert left == [line for line in left if "schema_migrations" in line]
    runner.apply(run="second", applied_by="tests", progress=ignore)
    assert schema(empty_database) == first
    assert runner.current_revision().startswith(versions[-1])


@pytest.mark.parametrize("name", ["medallion", "operations"])
def test_each_migration_can_be_reverted_on_its_own(empty_database: DatabaseAddress, name: str) -> None:
    runner = MigrationRunner(empty_database, MIGRATIONS / name)
    runner.apply(run="first", applied_by="tests", progress=ignore)
    full = schema(empty_database)
    for migration in reversed(load_set(MIGRATIONS / name)):
        before = f"{int(migration.version) - 1:03d}"
        assert migration.name in [one.name for one in runner.revert_to(before, ignore)]
        runner.apply(run="again", applied_by="tests", progress=ignore)
        assert schema(empty_database) == full

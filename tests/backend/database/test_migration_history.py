"""Tables that the reference system's tools made are taken over, not broken."""

from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.database.migrations.failures import MigrationRefusedError
from backend.database.migrations.runner import MigrationRunner
from tests.backend.database.test_migration_runner import apply, ignore, rows
from tests.fixtures.migration_sets import two_tables

# Layout of the reference's migrate_database.sh.
SCRIPT_LAYOUT = """
CREATE TABLE schema_migrations (
    id SERIAL PRIMARY KEY,
    migration_name VARCHAR(255) UNIQUE NOT NULL,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    batch INTEGER NOT NULL,
    success BOOLEAN DEFAULT true
);
INSERT INTO schema_migrations (migration_name, batch) VALUES ('001_albums_up.sql', 1),
    ('008_enrichment_metadata_fields_up.sql', 1);
"""

# Layout of the reference's 000_schema_migrations_up.sql, with its runner's own names.
RUNNER_LAYOUT = """
CREATE TABLE schema_migrations (
    id UUID PRIMARY KEY,
    version VARCHAR(255) UNIQUE NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    rollback_sql TEXT NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    execution_time_ms INTEGER,
    applied_by VARCHAR(255),
    description TEXT,
    metadata JSONB
);
INSERT INTO schema_migrations (id, version, rollback_sql, checksum)
VALUES (gen_random_uuid(), '001_albums', 'DROP TABLE albums', repeat('a', 64));
"""


@pytest.mark.parametrize("layout", [SCRIPT_LAYOUT, RUNNER_LAYOUT])
def test_an_older_table_is_read_then_extended_and_its_rows_kept(
    empty_database: DatabaseAddress, tmp_path: Path, layout: str
) -> None:
    with empty_database.connect() as connection:
        connection.execute(layout.encode())
        connection.execute("CREATE TABLE albums (id integer)")
    runner = MigrationRunner(empty_database, two_tables(tmp_path))
    assert [one.name for one in runner.pending()] == ["002_labels"]
    before = rows(empty_database, "SELECT count(*) FROM schema_migrations")[0][0]
    assert apply(empty_database, tmp_path) == ["002_labels"]
    assert rows(empty_database, "SELECT count(*) FROM schema_migrations")[0][0] == before + 1
    taken = (
        "SELECT migration_name, version, success, length(checksum) FROM schema_migrations "
        "WHERE version = '001'"
    )
    assert rows(empty_database, taken) == [("001_albums_up.sql", "001", True, 64)]
    assert runner.pending() == []
    assert [one.name for one in runner.revert_batch(ignore)] == ["002_labels"]
    assert [one.name for one in runner.revert_to("000", ignore)] == ["001_albums"]


def test_a_false_record_of_another_tool_is_refused(empty_database: DatabaseAddress, tmp_path: Path) -> None:
    """The reference records success whatever happened; the effect decides."""
    with empty_database.connect() as connection:
        connection.execute(SCRIPT_LAYOUT.encode())
    with pytest.raises(MigrationRefusedError, match=r"001_albums_up\.sql as applied, but its effect"):
        apply(empty_database, two_tables(tmp_path))


def test_the_playbook_queries_work_after_the_extension(
    empty_database: DatabaseAddress, tmp_path: Path
) -> None:
    with empty_database.connect() as connection:
        connection.execute(SCRIPT_LAYOUT.encode())
        connection.execute("CREATE TABLE albums (id integer)")
    apply(empty_database, two_tables(tmp_path))
    newest = "SELECT migration_name FROM schema_migrations ORDER BY applied_at DESC LIMIT 1"
    assert rows(empty_database, newest) == [("002_labels_up.sql",)]
    assert rows(empty_database, "SELECT * FROM schema_migrations WHERE success = false") == []

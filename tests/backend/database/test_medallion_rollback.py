"""Rolling back to release 005 and on again, with rows that only the newer schema knows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.database.address import DatabaseAddress
from backend.database.migrations.runner import MigrationRunner
from tests.backend.database.test_migration_runner import ignore
from tests.conftest import MIGRATIONS
from tests.fixtures.music import add_finished, add_requests

_NEWER_OUTCOMES = """
INSERT INTO enrichment_transformations (request_id, track_id, field, position, provider, outcome)
SELECT id, track_id, 'bpm', 1, 'deezer', outcome FROM enrichment_requests, unnest(ARRAY['agreed',
    'outvoted', 'deferred', 'unsure', 'bad_request', 'contract', 'empty_suspect', 'waited_for']) AS outcome
"""
_RUN = """
WITH run AS (
    INSERT INTO enrichment_pipeline_runs (run_type, config_version, triggered_by)
    VALUES ('replay', 1, 'tests') RETURNING id
), queued AS (
    INSERT INTO pipeline_replay_queue
        (track_ids, target_layer, requested_by, reason, status, started_at, assigned_run_id)
    SELECT '{track-1}', 'gold', 'a', 'b', 'processing', now(), id FROM run RETURNING id
)
INSERT INTO replay_progress (replay_id, lease, lease_until) SELECT id, gen_random_uuid(), now() FROM queued
"""


def rows(address: DatabaseAddress, statement: str) -> list[tuple[Any, ...]]:
    with address.connect() as connection:
        return connection.execute(statement.encode()).fetchall()


def migrate(address: DatabaseAddress) -> MigrationRunner:
    runner = MigrationRunner(address, MIGRATIONS / "medallion")
    runner.apply(run="tests", applied_by="tests", progress=ignore)
    return runner


@pytest.fixture
def plain_role(empty_database: DatabaseAddress) -> Iterator[DatabaseAddress]:
    """The database as a role sees it that may create in it, but does not own the extension there."""
    with empty_database.connect() as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        connection.execute("GRANT ALL ON SCHEMA public TO plain")
    yield replace(empty_database, user="plain", password="plain")
    with empty_database.connect() as connection:
        connection.execute("DROP OWNED BY plain CASCADE")
        connection.execute("DROP ROLE plain")


def test_rolling_back_with_newer_rows_loses_no_step_and_leaves_no_run_open(
    empty_database: DatabaseAddress,
) -> None:
    runner = migrate(empty_database)
    add_requests(empty_database, 2)
    add_finished(empty_database, "completed", datetime.now(UTC), 2)
    with empty_database.connect() as connection:
        connection.execute(_NEWER_OUTCOMES.encode())
        connection.execute(_RUN.encode())
    runner.revert_to("005", ignore)
    outcomes = "SELECT outcome, count(*) FROM enrichment_transformations GROUP BY outcome ORDER BY outcome"
    assert rows(empty_database, outcomes) == [("below_threshold", 6), ("failure", 8), ("no_match", 2)]
    assert rows(empty_database, "SELECT status FROM pipeline_replay_queue") == [("cancelled",)]
    assert rows(empty_database, "SELECT run_status FROM enrichment_pipeline_runs") == [("cancelled",)]
    migrate(empty_database)
    assert rows(empty_database, "SELECT count(*) FROM enrichment_requests") == [(2,)]


def test_an_extension_that_was_there_before_stops_no_rollback(plain_role: DatabaseAddress) -> None:
    migrate(plain_role).revert_to("007", ignore)
    assert rows(plain_role, "SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'") == [("pg_trgm",)]
    assert rows(plain_role, "SELECT FROM pg_indexes WHERE indexname = 'enrichment_requests_words'") == []

"""What the music database enforces by itself."""

import psycopg
import pytest

from backend.contracts.waterfall_rules import PROVIDERS
from backend.database.address import DatabaseAddress
from backend.database.migrations.runner import MigrationRunner
from backend.services.api_gateway.capabilities import capabilities
from tests.backend.database.test_migration_runner import ignore
from tests.conftest import MIGRATIONS

PLAYBOOK_TABLES = {
    "bronze": ("raw_track_enrichment_requests", "raw_api_responses", "raw_circuit_breaker_events"),
    "silver": ("enrichment_requests", "api_responses", "circuit_breaker_state"),
    "gold": ("enriched_tracks", "api_performance_metrics", "enrichment_quality_scores"),
}
BRONZE_ROW = """
INSERT INTO raw_track_enrichment_requests
    (track_id, artist_name, track_title, request, correlation_id, source)
VALUES ('test-e2e-001', 'Deadmau5', 'Strobe', '{}', 'trace', 'api')
"""


@pytest.mark.parametrize("layer", PLAYBOOK_TABLES)
def test_the_playbooks_tables_are_there(musicdb: DatabaseAddress, layer: str) -> None:
    with musicdb.connect() as connection:
        for table in PLAYBOOK_TABLES[layer]:
            assert connection.execute("SELECT to_regclass(%s)::text", (table,)).fetchone() == (table,)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE raw_track_enrichment_requests SET track_title = 'Ghosts n Stuff'",
        "DELETE FROM raw_track_enrichment_requests",
        "TRUNCATE raw_track_enrichment_requests CASCADE",
        "UPDATE raw_api_responses SET outcome = 'ok'",
        "TRUNCATE raw_api_responses",
        "DELETE FROM raw_circuit_breaker_events",
    ],
)
def test_bronze_is_append_only(musicdb: DatabaseAddress, change: str) -> None:
    with musicdb.connect(autocommit=True) as connection:
        connection.execute(BRONZE_ROW)
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            connection.execute(change)
        assert connection.execute("SELECT count(*) FROM raw_track_enrichment_requests").fetchone() == (1,)


def test_a_version_of_the_waterfall_that_was_in_force_cannot_change(musicdb: DatabaseAddress) -> None:
    with musicdb.connect(autocommit=True) as connection:
        for change in (
            "UPDATE waterfall_api_configuration SET enabled = false",
            "DELETE FROM waterfall_config_fields",
            "INSERT INTO waterfall_config_fields VALUES (1, 'mood', false)",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                connection.execute(change)


def test_an_empty_version_cannot_be_put_in_force(musicdb: DatabaseAddress) -> None:
    with musicdb.connect(autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO waterfall_config_versions (created_by) VALUES ('tests') RETURNING version"
        ).fetchone()
        with pytest.raises(psycopg.errors.RestrictViolation, match="no enabled source"):
            connection.execute(
                "INSERT INTO waterfall_config_activations (version, activated_by) VALUES (%s, 'tests')", row
            )


def test_the_default_waterfall_names_only_sources_that_live(musicdb: DatabaseAddress) -> None:
    given = {(entry.provider, entry.field) for entry in capabilities({}) if entry.state != "ended"}
    given |= {(name, f"{name}_id") for name in PROVIDERS}
    with musicdb.connect() as connection:
        steps = connection.execute(
            """SELECT provider, field FROM waterfall_config_in_force
               JOIN waterfall_api_configuration USING (version)"""
        ).fetchall()
    assert set(steps) <= given
    assert {provider for provider, _ in steps} == set(PROVIDERS)
    assert ("musicbrainz", "label") not in steps


def test_the_better_default_replaces_only_the_first_one(empty_database: DatabaseAddress) -> None:
    runner = MigrationRunner(empty_database, MIGRATIONS / "medallion")
    runner.apply(run="first", applied_by="tests", progress=ignore)
    assert in_force(empty_database) == (2, "migration 006")
    runner.revert_to("005", ignore)
    assert in_force(empty_database) == (1, "migration 004")
    runner.apply(run="second", applied_by="tests", progress=ignore)
    assert in_force(empty_database) == (2, "migration 006")
    runner.revert_to("005", ignore)
    with empty_database.connect() as connection:
        connection.execute(
            """INSERT INTO waterfall_config_versions (created_by) VALUES ('ada');
               INSERT INTO waterfall_config_fields VALUES (3, 'bpm', false);
               INSERT INTO waterfall_api_configuration VALUES (3, 'bpm', 1, 'deezer', true, 0.5, 0.9);
               INSERT INTO waterfall_config_activations (version, activated_by) VALUES (3, 'ada')"""
        )
    runner.apply(run="third", applied_by="tests", progress=ignore)
    assert in_force(empty_database) == (3, "ada")


def in_force(address: DatabaseAddress) -> tuple[int, str] | None:
    with address.connect() as connection:
        return connection.execute(
            """SELECT version, created_by
               FROM waterfall_config_in_force JOIN waterfall_config_versions USING (version)"""
        ).fetchone()


def test_every_default_step_can_be_reached(musicdb: DatabaseAddress) -> None:
    """A threshold above the reliability would shut its source out for ever."""
    with musicdb.connect() as connection:
        shut_out = connection.execute(
            """SELECT field, provider FROM waterfall_api_configuration
               WHERE reliability * 0.98 < min_confidence"""
        ).fetchall()
    assert shut_out == []


def test_a_day_has_one_quality_row_a_layer(musicdb: DatabaseAddress) -> None:
    row = """INSERT INTO data_quality_metrics (metric_date, data_layer, total_records, complete_records,
                 partial_records, failed_records) VALUES ('2026-11-23', 'gold', 3, 2, 1, 0)"""
    with musicdb.connect(autocommit=True) as connection:
        connection.execute(row)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(row)


def test_a_failed_request_says_why(musicdb: DatabaseAddress) -> None:
    with musicdb.connect(autocommit=True) as connection:
        raw = connection.execute(BRONZE_ROW + " RETURNING id").fetchone()
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                """INSERT INTO enrichment_requests (track_id, artist_name, track_title, status,
                       correlation_id, raw_request_id, source, finished_at)
                   VALUES ('t', 'a', 'b', 'failed', 'trace', %s, 'api', now())""",
                raw,
            )

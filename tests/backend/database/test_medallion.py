"""What the console reads of the layers, with and without a schema."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.contracts.stack import LayerCounts
from backend.database import medallion
from backend.database.address import DatabaseAddress, DatabaseUnreachableError
from tests.fixtures.music import add_finished, add_gold, add_requests
from tests.fixtures.postgres import free_port


def test_layers_and_rows_of_a_track(musicdb: DatabaseAddress) -> None:
    add_requests(musicdb, 3)
    add_finished(musicdb, "completed", datetime.now(UTC), 2)
    add_gold(musicdb)
    assert medallion.layer_counts(musicdb) == LayerCounts(bronze=3, silver=2, gold=1)
    found = medallion.rows_of_track(musicdb, "track-1")
    assert [len(found.bronze), len(found.silver), len(found.gold)] == [1, 1, 1]
    assert found.bronze[0]["request"] == {"n": 1}
    assert found.gold[0]["bpm"] == 174.5
    assert json.loads(found.model_dump_json())["gold"][0]["genres"] == ["drum and bass"]
    assert medallion.rows_of_track(musicdb, "'; DROP TABLE enriched_tracks; --").gold == []


def test_throughput_has_every_minute_of_the_last_hour(musicdb: DatabaseAddress) -> None:
    now = datetime.now(UTC)
    add_requests(musicdb, 5)
    add_finished(musicdb, "completed", now - timedelta(minutes=10), 3)
    add_finished(musicdb, "failed", now - timedelta(minutes=10), 1)
    add_finished(musicdb, "completed", now - timedelta(minutes=90), 5)
    minutes = medallion.throughput(musicdb)
    assert len(minutes) == 60
    starts = [start for start, _, _ in minutes]
    assert starts == sorted(starts)
    assert [(done, failed) for _, done, failed in minutes if done or failed] == [(3, 1)]


def test_waterfall_and_tables(musicdb: DatabaseAddress) -> None:
    assert medallion.active_waterfall_version(musicdb) == "2"
    assert medallion.enabled_sources(musicdb) > 0
    assert {"raw_api_responses", "circuit_breaker_state", "enriched_tracks"} <= medallion.table_names(musicdb)


@pytest.mark.parametrize("exists", [True, False])
def test_no_schema_is_an_answer(empty_database: DatabaseAddress, exists: bool) -> None:
    address = empty_database if exists else empty_database.with_name("nowhere")
    assert medallion.layer_counts(address) is None
    assert medallion.throughput(address) == ()
    assert medallion.active_waterfall_version(address) == ""
    assert medallion.enabled_sources(address) == 0
    assert medallion.table_names(address) == frozenset()
    rows = medallion.rows_of_track(address, "track-1")
    assert (rows.bronze, rows.silver, rows.gold) == ([], [], [])


def test_no_server_is_an_error(musicdb: DatabaseAddress) -> None:
    with pytest.raises(DatabaseUnreachableError):
        medallion.layer_counts(replace(musicdb, port=free_port()))

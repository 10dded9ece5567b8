"""Queueing many tracks, and how far they are; nobody works on them here."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.metadata_enrichment.app import create_app
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until

TRACK = {"artist_name": "Deadmau5", "track_title": "Strobe"}


@pytest.fixture
def url(musicdb: DatabaseAddress, operations_db: DatabaseAddress) -> Iterator[str]:
    """The service without gateway and without a worker."""
    settings = EnrichmentSettings(
        database_host=musicdb.host,
        database_port=musicdb.port,
        database_user=musicdb.user,
        database_name=musicdb.name,
        operations_database=operations_db.name,
        database_password=SecretStr(musicdb.password or ""),
        gateway_url=f"http://127.0.0.1:{free_port()}",
        worker_concurrency=0,
    )

    def declared() -> bool:
        with operations_db.connect() as connection:
            return connection.execute("SELECT count(*) FROM broker.queues").fetchone() == (3,)

    with serving(create_app(settings)) as address:
        wait_until(declared)
        yield address


def queue(url: str, tracks: list[dict[str, Any]]) -> str:
    accepted = httpx.post(f"{url}/enrich/batch", json=tracks)
    assert (accepted.status_code, accepted.json()["batch_size"]) == (202, len(tracks))
    return str(accepted.json()["correlation_id"])


def progress(url: str, correlation: str) -> dict[str, Any]:
    shown: dict[str, Any] = httpx.get(f"{url}/enrich/batches/{correlation}").raise_for_status().json()
    return {name: value for name, value in shown.items() if value not in (0, None)}


def end_request(musicdb: DatabaseAddress, correlation: str, message: str, status: str, **more: str) -> None:
    """A request as a worker leaves it."""
    row = {"correlation": correlation, "message": message, "status": status, "error": None, "letter": None}
    with musicdb.connect() as connection:
        connection.execute(
            """WITH raw AS (
                   INSERT INTO raw_track_enrichment_requests
                       (track_id, artist_name, track_title, request, correlation_id, source)
                   VALUES ('t', 'a', 'b', '{}', %(correlation)s, 'queue') RETURNING id)
               INSERT INTO enrichment_requests (track_id, artist_name, track_title, status, correlation_id,
                   raw_request_id, source, message_id, finished_at, error_type, dead_letter_id)
               SELECT 't', 'a', 'b', %(status)s, %(correlation)s, id, 'queue', %(message)s,
                   CASE WHEN %(status)s <> 'in_progress' THEN clock_timestamp() END, %(error)s, %(letter)s
               FROM raw""",
            row | more,
        )


def test_a_batch_adds_up_until_it_is_finished(url: str, musicdb: DatabaseAddress) -> None:
    batch = queue(url, [{**TRACK, "track_id": f"t-{number}"} for number in range(5)])
    shown = progress(url, batch)
    assert (shown["tracks"], shown["waiting"], "is_finished" in shown) == (5, 5, False)
    end_request(musicdb, batch, "m-1", "completed")
    end_request(musicdb, batch, "m-2", "partial")
    end_request(musicdb, batch, "m-3", "in_progress")
    end_request(musicdb, batch, "m-4", "failed", error="Interrupted")  # its message is still in the queue
    end_request(musicdb, batch, "m-5", "failed", error="NoProviderAnswered", letter="m-5")
    shown = progress(url, batch)
    assert (shown["completed"], shown["partial"], shown["in_progress"], shown["dead_lettered"]) == (
        1,
        1,
        1,
        1,
    )
    assert shown["waiting"] == 1
    end_request(musicdb, batch, "m-3", "completed")
    end_request(musicdb, batch, "m-4", "cached")
    end_request(musicdb, batch, "m-5/1", "completed")  # the dead letter, sent again
    shown = progress(url, batch)
    assert shown["is_finished"]
    assert (shown["completed"], shown["partial"], shown["cached"]) == (3, 1, 1)
    assert shown["finished_at"] >= shown["started_at"]


def test_batches_under_one_correlation_id_are_one_run(url: str) -> None:
    tracks = [{**TRACK, "track_id": f"t-{number}", "correlation_id": "import-1"} for number in range(3)]
    assert queue(url, tracks) == queue(url, tracks[:2]) == "import-1"
    assert progress(url, "import-1")["tracks"] == 5
    missing = httpx.get(f"{url}/enrich/batches/import-2")
    assert (missing.status_code, "import-2" in missing.json()["detail"]) == (404, True)


def test_a_finished_run_is_closed_with_its_counts(url: str, musicdb: DatabaseAddress) -> None:
    batch = queue(url, [{**TRACK, "track_id": "t-1"}, {**TRACK, "track_id": "t-2"}])
    end_request(musicdb, batch, "m-1", "completed")
    end_request(musicdb, batch, "m-2", "failed", error="NoProviderAnswered", letter="m-2")
    with serving(create_app(_again(musicdb))), musicdb.connect() as connection:  # it sweeps when it starts
        wait_until(
            lambda: (
                connection.execute(
                    """SELECT run_status, total_tracks, successful_tracks, failed_tracks
                       FROM enrichment_pipeline_runs WHERE completed_at IS NOT NULL"""
                ).fetchall()
                == [("partial", 2, 1, 1)]
            )
        )


def _again(musicdb: DatabaseAddress) -> EnrichmentSettings:
    return EnrichmentSettings(
        database_host=musicdb.host,
        database_port=musicdb.port,
        database_user=musicdb.user,
        database_name=musicdb.name,
        database_password=SecretStr(musicdb.password or ""),
        worker_concurrency=0,
    )


def test_trigger_queues_stored_tracks_for_which_more_may_be_found(url: str, musicdb: DatabaseAddress) -> None:
    with musicdb.connect() as connection:
        end_request(musicdb, "old", "m-old", "completed")
        connection.execute(
            """INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, isrc, provider_ids,
                   completeness, is_complete, degraded, config_version, request_id, enriched_at)
               SELECT track.track_id, 'artist', 'title', 'USUS11000001', '{"spotify": "s-1"}', 0.5, complete,
                   degraded, 1, id, clock_timestamp() - age
               FROM enrichment_requests, (VALUES
                   ('partial', false, false, interval '2 days'), ('degraded', true, true, interval '3 days'),
                   ('whole', true, false, interval '3 days'), ('just now', false, false, interval '1 minute')
               ) AS track (track_id, complete, degraded, age)"""
        )
    answer = httpx.post(f"{url}/enrich/trigger").json()
    assert answer["batch_size"] == 2
    assert progress(url, answer["correlation_id"])["tracks"] == 2
    assert httpx.post(f"{url}/enrich/trigger?limit=201").status_code == 422

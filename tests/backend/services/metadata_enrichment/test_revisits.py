"""Tracks that a missing provider made worse are done again once it is back."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.postgres_queue import Connection
from backend.services.metadata_enrichment.app import create_app
from backend.services.metadata_enrichment.layers.revisits import OpenRun, RevisitRuns
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until

TOKEN = "sentinel-admin-token"


@pytest.fixture
async def runs(musicdb: DatabaseAddress) -> AsyncIterator[RevisitRuns]:
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=musicdb.conninfo(), min_size=1, open=False
    )
    async with pool:
        yield RevisitRuns(pool)


def keep(musicdb: DatabaseAddress, track: str, *, source: str = "queue", **degraded: Any) -> None:
    """An enriched track: `by` names who was missed for its bpm, `without` who was for a field it lacks."""
    by, without = degraded.get("by", []), degraded.get("without")
    row = {"track": track, "source": source, "by": by, "degraded": bool(by or without), "id": uuid4()}
    row["trace"] = degraded.get("trace", "c")
    with musicdb.connect() as connection:
        connection.execute(
            """WITH raw AS (INSERT INTO raw_track_enrichment_requests
                   (track_id, artist_name, track_title, request, correlation_id, source)
                   VALUES (%(track)s, 'a', 'b', '{}', %(trace)s, %(source)s) RETURNING id)
               INSERT INTO enrichment_requests (id, track_id, artist_name, track_title, status,
                   correlation_id, raw_request_id, source, finished_at, received_at)
               SELECT %(id)s, %(track)s, 'a', 'b', 'partial', %(trace)s, id, %(source)s, clock_timestamp(),
                   clock_timestamp() FROM raw""",
            row,
        )
        connection.execute(
            """INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, completeness,
                   is_complete, degraded, config_version, request_id)
               VALUES (%(track)s, 'a', 'b', 1, true, %(degraded)s, 1, %(id)s)
               ON CONFLICT (track_id) DO UPDATE SET request_id = %(id)s, degraded = %(degraded)s""",
            row,
        )
        connection.execute(
            """INSERT INTO field_provenance (track_id, field, provider, position, confidence, current_value,
                   request_id, config_version, degraded_by)
               VALUES (%(track)s, 'bpm', 'deezer', 2, 1, '120', %(id)s, 1, %(by)s)
               ON CONFLICT (track_id, field) DO UPDATE SET degraded_by = %(by)s""",
            row,
        )
        if without:
            connection.execute(
                """INSERT INTO enrichment_transformations (request_id, track_id, field, position, provider,
                       outcome) VALUES (%s, %s, 'label', 1, %s, 'breaker_open')""",
                (row["id"], track, without),
            )


def keep_without_gold(musicdb: DatabaseAddress, track: str, missed: str) -> None:
    """A track for which nothing was found, `missed` having been away."""
    keep(musicdb, track, without=missed)
    with musicdb.connect() as connection:
        connection.execute(
            """INSERT INTO source_evidence (request_id, provider, track_id, outcome, verdict, calls)
               SELECT request_id, %s, track_id, 'breaker_open', 'no_answer', 1 FROM enriched_tracks
               WHERE track_id = %s""",
            (missed, track),
        )
        connection.execute("DELETE FROM enriched_tracks WHERE track_id = %s", (track,))


async def only_run(runs: RevisitRuns) -> OpenRun:
    (run,) = await runs.running()
    return run


async def tracks(runs: RevisitRuns, queued: tuple[str, ...] = (), limit: int = 100) -> list[str]:
    found = await runs.candidates(await only_run(runs), queued, limit)
    return [request.track_id for request in found]


async def test_each_provider_has_the_tracks_that_missed_it(
    runs: RevisitRuns, musicdb: DatabaseAddress
) -> None:
    keep(musicdb, "t-1", by=["spotify", "musicbrainz"])
    keep(musicdb, "t-2", without="spotify")
    keep(musicdb, "t-3", by=["spotify"], without="spotify")
    keep(musicdb, "whole")
    assert await runs.degraded() == {"spotify": 3, "musicbrainz": 1}
    assert await runs.is_due("spotify")
    assert not await runs.is_due("discogs")
    assert await runs.open("spotify", "tests") is not None
    assert await runs.open("spotify", "tests") is None
    assert await tracks(runs) == ["t-1", "t-2", "t-3"]
    assert await tracks(runs, queued=("t-1",), limit=1) == ["t-2"]


async def test_a_gateway_that_is_away_breaks_no_run_off(
    runs: RevisitRuns, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    keep(musicdb, "t-1", by=["spotify"])
    await runs.open("spotify", "tests")
    settings = EnrichmentSettings(
        database_host=musicdb.host,
        database_port=musicdb.port,
        database_user=musicdb.user,
        database_name=musicdb.name,
        operations_database=operations_db.name,
        database_password=SecretStr(musicdb.password or ""),
        gateway_url=f"http://127.0.0.1:{free_port()}",
        worker_concurrency=0,
        admin_token=SecretStr(TOKEN),
        revisit_seconds=0.05,
    )
    shown = 'enrichment_degraded_tracks{provider="spotify"} 1.0'
    with serving(create_app(settings)) as url:
        wait_until(lambda: shown in httpx.get(f"{url}/metrics").text)
        assert httpx.get(f"{url}/stats").json()["degraded_by"] == {"spotify": 1}
        assert [run["status"] for run in httpx.get(f"{url}/enrich/revisits").json()] == ["running"]
        by_hand = f"{url}/enrich/revisit?provider=spotify"
        assert httpx.post(by_hand).status_code == 401
        refused = httpx.post(by_hand, headers={"Authorization": f"Bearer {TOKEN}"})
        assert (refused.status_code, "gateway does not answer" in refused.json()["detail"]) == (503, True)


async def test_a_track_for_which_nothing_was_found_is_done_again_too(
    runs: RevisitRuns, musicdb: DatabaseAddress
) -> None:
    keep_without_gold(musicdb, "t-1", "spotify")
    assert await runs.degraded() == {"spotify": 1}
    assert await runs.is_due("spotify")
    await runs.open("spotify", "tests")
    assert await tracks(runs) == ["t-1"]
    keep(musicdb, "t-1", source="revisit")
    assert await tracks(runs) == []
    assert await runs.degraded() == {}


async def test_a_run_takes_each_track_once_even_if_it_degrades_again(
    runs: RevisitRuns, musicdb: DatabaseAddress
) -> None:
    keep(musicdb, "t-1", by=["spotify"])
    keep(musicdb, "t-2", by=["spotify"])
    await runs.open("spotify", "tests")
    keep(musicdb, "t-1", by=["spotify"], source="revisit")
    assert await tracks(runs) == ["t-2"]
    keep(musicdb, "t-2")
    assert await tracks(runs) == []
    await runs.close(await only_run(runs), "completed")
    assert await runs.degraded() == {"spotify": 1}
    assert not await runs.is_due("spotify")


@pytest.mark.parametrize(
    ("ended", "source", "due"),
    [
        ("completed", "queue", True),  # degraded by a later outage
        ("completed", "revisit", False),  # degraded though the provider was back: the next outage's matter
        ("partial", "revisit", True),  # the provider went away in the middle
    ],
)
async def test_when_another_run_is_due(
    runs: RevisitRuns, musicdb: DatabaseAddress, ended: str, source: str, due: bool
) -> None:
    keep(musicdb, "t-1", by=["spotify"])
    await runs.open("spotify", "tests")
    keep(musicdb, "t-1", by=["spotify"], source=source)
    await runs.close(await only_run(runs), ended)
    assert await runs.is_due("spotify") is due


async def test_a_track_that_was_under_way_when_the_provider_came_back_is_due(
    runs: RevisitRuns, musicdb: DatabaseAddress
) -> None:
    keep(musicdb, "t-1", by=["spotify"])
    await runs.open("spotify", "tests")
    await runs.close(await only_run(runs), "completed")
    assert not await runs.is_due("spotify")
    with musicdb.connect() as connection:  # it was asked for before, and ended after the run
        connection.execute("UPDATE enrichment_requests SET finished_at = clock_timestamp()")
    assert await runs.is_due("spotify")


@pytest.mark.parametrize("own", [True, False])
async def test_an_outage_in_the_middle_of_another_providers_revisit_is_made_good(
    runs: RevisitRuns, musicdb: DatabaseAddress, own: bool
) -> None:
    keep(musicdb, "t-1", by=["spotify"])
    await runs.open("spotify", "tests")
    run = await only_run(runs)
    keep(
        musicdb, "t-1", without="spotify", source="revisit", trace=run.correlation_id if own else "revisit-2"
    )
    await runs.close(run, "completed")
    assert await runs.is_due("spotify") is not own

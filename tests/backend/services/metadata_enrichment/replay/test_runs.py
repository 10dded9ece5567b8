"""Replay runs: what they find and write, and what becomes of them when cancelled or their holder dies."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from backend.contracts.replay import ReplayRun, ReplayRunRequest, ReplayRunStatus, ValueDifference
from backend.contracts.waterfall import WaterfallChange, WaterfallConfiguration
from backend.database.address import DatabaseAddress
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.versions import Versions
from backend.services.metadata_enrichment.layers import gold as layers_gold
from backend.services.metadata_enrichment.layers.gold import GoldTrack
from backend.services.metadata_enrichment.replay.run_rows import ReplayRuns
from backend.services.metadata_enrichment.replay.runner import ReplayRunner
from backend.services.metadata_enrichment.replay.versions import ReplayVersions
from backend.services.metadata_enrichment.waterfall.walk import walk
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.replay.stored import store
from tests.backend.services.metadata_enrichment.replay.synthetic import tracks
from tests.waiting import wait_until

RUNS = "/admin/replay/runs"
TRACKS = tracks(40)
WHO = {"author": "ada@desk", "reason": "a test"}


@pytest.fixture
def music(musicdb: DatabaseAddress) -> DatabaseAddress:
    """The music database with evidence and nothing in Gold."""
    with musicdb.connect() as connection:
        store(connection, TRACKS)
    return musicdb


@pytest.fixture
async def configuration(pool: Pool) -> WaterfallConfiguration:
    """The version in force."""
    return await Versions(pool).in_force()


def runner(pool: Pool, **more: Any) -> ReplayRunner:
    return ReplayRunner(pool, ReplayVersions(ConfigurationHolder(pool), Versions(pool)), **more)


async def ended(pool: Pool, *, promote: bool, **more: Any) -> tuple[ReplayRun, list[ValueDifference]]:
    """A run, worked on to its end, with all its differences."""
    runs = ReplayRuns(pool)
    queued = await runs.add(ReplayRunRequest(promote=promote, **WHO, **more))
    assert queued is not None
    assert queued.status is ReplayRunStatus.QUEUED
    assert await runner(pool, tracks_at_once=7).work_on_next()
    found = await runs.get(UUID(queued.id))
    assert found is not None
    return found, await runs.differences(UUID(queued.id), ("", ""), 1000)


def gold(music: DatabaseAddress) -> list[tuple[Any, ...]]:
    """All that Gold says, but for the moments at which it was written."""
    with music.connect() as connection:
        return connection.execute(
            """SELECT track_id, field, provider, position, confidence, current_value, held.request_id,
                   raw_response_id, held.config_version, changes, to_jsonb(track) - 'enriched_at'
               FROM field_provenance AS held JOIN enriched_tracks AS track USING (track_id)
               ORDER BY track_id, field"""
        ).fetchall()


def silver(music: DatabaseAddress) -> tuple[set[tuple[Any, ...]], dict[str, float]]:
    """Steps whose value was taken, and completeness by track, as the pipeline runs of replays wrote them."""
    of_a_replay = "JOIN enrichment_pipeline_runs AS run ON run.id = run_id AND run_type = 'replay'"
    with music.connect() as connection:
        steps = connection.execute(
            f"""SELECT track_id, field, provider, output_value FROM enrichment_transformations {of_a_replay}
                WHERE outcome = 'used'"""
        ).fetchall()
        scores = connection.execute(
            f"SELECT track_id, completeness FROM enrichment_quality_scores {of_a_replay}"
        ).fetchall()
    return set(map(_hashable, steps)), dict(scores)


def _hashable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:3], repr(row[3]))


async def test_a_run_finds_what_the_walk_finds_and_changes_nothing(
    pool: Pool, music: DatabaseAddress, configuration: WaterfallConfiguration
) -> None:
    run, differences = await ended(pool, promote=False)
    results = {
        (track.track_id, field.field): walk(field, track.sources)
        for track in TRACKS
        for field in configuration.fields
    }
    found = {key: result.winner.value for key, result in results.items() if result.winner}
    assert {(one.track_id, one.field): one.after.value for one in differences} == found
    assert run.status is ReplayRunStatus.COMPLETED
    assert (run.total_tracks, run.done_tracks, run.promoted_tracks) == (40, 40, 0)
    assert run.differing_values == len(found)
    assert run.unjudged_values == sum(bool(result.needs) for result in results.values())
    assert gold(music) == []


async def test_what_was_promoted_is_reproduced_without_a_difference(
    pool: Pool, music: DatabaseAddress
) -> None:
    first, differences = await ended(pool, promote=True)
    assert first.promoted_tracks == len({one.track_id for one in differences})
    before = gold(music)
    assert {(row[0], row[1]) for row in before} == {(one.track_id, one.field) for one in differences}
    used, scored = silver(music)
    assert used == {(row[0], row[1], row[2], repr(row[5])) for row in before}
    assert scored == {row[0]: row[10]["completeness"] for row in before}
    again, none = await ended(pool, promote=True)
    assert (again.differing_values, again.promoted_tracks, none) == (0, 0, [])
    assert gold(music) == before
    assert silver(music) == (used, scored)


async def test_only_the_named_fields_and_tracks_are_written(pool: Pool, music: DatabaseAddress) -> None:
    await ended(pool, promote=True, fields=["isrc"])
    assert {row[1] for row in gold(music)} == {"isrc"}
    before = {row[:2]: row for row in gold(music)}
    name = TRACKS[3].track_id
    run, _ = await ended(pool, promote=True, fields=["album"], track_ids=[name, "nobody"])
    assert run.total_tracks == 1
    after = {row[:2]: row for row in gold(music)}
    assert after.keys() - before.keys() <= {(name, "album")}
    assert [row[:6] for row in after.values() if row[1] == "isrc"] == [row[:6] for row in before.values()]


async def test_what_the_version_does_not_have_stays_when_the_run_is_about_other_fields(
    pool: Pool, music: DatabaseAddress, configuration: WaterfallConfiguration
) -> None:
    await ended(pool, promote=True)
    before = gold(music)
    fields = [each for each in configuration.fields if each.field in {"isrc", "album"}]
    change = WaterfallChange(base_version=configuration.version, author="ada", comment="less", fields=fields)
    await Versions(pool).apply(change)
    with music.connect() as connection:
        connection.execute("UPDATE enriched_tracks SET isrc = 'USUS11100001' WHERE isrc IS NOT NULL")
    run, differences = await ended(pool, promote=True, fields=["isrc"])
    assert {one.field for one in differences} == {"isrc"}
    assert run.promoted_tracks > 0
    assert [row[:6] for row in gold(music)] == [row[:6] for row in before]


async def test_what_a_release_without_evidence_wrote_later_is_not_overwritten(
    pool: Pool, music: DatabaseAddress
) -> None:
    await ended(pool, promote=True)
    with music.connect() as connection:
        connection.execute(
            """WITH later AS (
                   INSERT INTO enrichment_requests (track_id, artist_name, track_title, status,
                       correlation_id, raw_request_id, source, finished_at)
                   SELECT track_id, artist_name, track_title, 'completed', 'c', raw_request_id, 'api', now()
                   FROM enrichment_requests RETURNING id, track_id)
               UPDATE enriched_tracks AS track SET request_id = later.id, album = 'Newer', label = 'Newer'
               FROM later WHERE later.track_id = track.track_id"""
        )
    before = gold(music)
    run, differences = await ended(pool, promote=True)
    assert (run.status, run.promoted_tracks, differences) == (ReplayRunStatus.COMPLETED, 0, [])
    assert gold(music) == before


@pytest.mark.parametrize("promote", [True, False])
async def test_nobody_writes_a_track_between_reading_its_evidence_and_its_gold(
    pool: Pool, music: DatabaseAddress, monkeypatch: pytest.MonkeyPatch, promote: bool
) -> None:
    taken: list[bool] = []
    read_gold = layers_gold.read_tracks

    async def look_for_the_lock(
        connection: layers_gold.Connection, track_ids: Sequence[str]
    ) -> dict[str, GoldTrack]:
        with music.connect() as other:
            statement = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
            taken.extend(row[0] for row in other.execute(statement, (track_ids[0],)))
        return await read_gold(connection, track_ids)

    monkeypatch.setattr(layers_gold, "read_tracks", look_for_the_lock)
    await ended(pool, promote=promote)
    assert taken
    assert not any(taken)


async def test_each_value_keeps_the_request_and_the_response_it_came_from(
    pool: Pool, music: DatabaseAddress
) -> None:
    await ended(pool, promote=True)
    with music.connect() as connection:
        foreign = connection.execute(
            """SELECT count(*) FILTER (WHERE evidence.request_id IS NULL), count(*)
               FROM field_provenance AS held LEFT JOIN source_evidence AS evidence
               ON evidence.request_id = held.request_id AND evidence.provider = held.provider
                   AND evidence.track_id = held.track_id
                   AND held.raw_response_id IN (evidence.raw_response_id, evidence.lookup_response_id)
                   AND evidence.field_values -> held.field = held.current_value"""
        ).fetchone()
    assert foreign is not None
    assert foreign[0] == 0
    assert foreign[1] > 0


async def test_two_replicas_never_work_on_the_same_run(pool: Pool, music: DatabaseAddress) -> None:
    runs = ReplayRuns(pool)
    for _ in range(3):
        await runs.add(ReplayRunRequest(promote=True, **WHO))
    replicas = [runner(pool, tracks_at_once=3) for _ in range(2)]
    took = await asyncio.gather(*(replica.work_on_next() for replica in replicas * 2))
    assert sorted(took) == [False, True, True, True]
    found = await runs.newest(10)
    assert [(run.status, run.done_tracks) for run in found] == [(ReplayRunStatus.COMPLETED, 40)] * 3
    assert sum(run.promoted_tracks for run in found) >= len({row[0] for row in gold(music)}) > 0


@asynccontextmanager
async def held_up(music: DatabaseAddress, pool: Pool) -> AsyncIterator[asyncio.Task[bool]]:
    """A promoting run at work that waits, half done, for a track somebody else has locked."""
    await ReplayRuns(pool).add(ReplayRunRequest(promote=True, **WHO))
    with music.connect() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (TRACKS[20].track_id,))
        task = asyncio.create_task(runner(pool, tracks_at_once=5).work_on_next())
        await asyncio.to_thread(wait_until, lambda: done_tracks(music) == 20)
        yield task


def done_tracks(music: DatabaseAddress) -> int:
    with music.connect() as connection:
        row = connection.execute("SELECT max(done_tracks) FROM replay_progress").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_run_whose_holder_died_goes_on_where_it_stood(pool: Pool, music: DatabaseAddress) -> None:
    async with held_up(music, pool) as task:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not await runner(pool).work_on_next(), "the lease was not waited for"
    with music.connect() as other:
        stood = other.execute(
            "UPDATE replay_progress SET lease_until = now() RETURNING done_tracks"
        ).fetchone()
    assert stood == (20,)
    assert await runner(pool).work_on_next()
    run = (await ReplayRuns(pool).newest(1))[0]
    assert (run.status, run.done_tracks) == (ReplayRunStatus.COMPLETED, 40)
    assert run.promoted_tracks == len({row[0] for row in gold(music)})
    assert run.differing_values == len(gold(music))


async def test_a_holder_that_lost_its_lease_writes_nothing_more(pool: Pool, music: DatabaseAddress) -> None:
    async with held_up(music, pool) as task:
        with music.connect() as other:
            other.execute("UPDATE replay_progress SET lease = gen_random_uuid()")
        before = gold(music)
    assert await task
    assert gold(music) == before


async def test_cancelling_ends_it_at_once_and_keeps_what_was_promoted(
    pool: Pool, music: DatabaseAddress
) -> None:
    runs = ReplayRuns(pool)
    async with held_up(music, pool) as task:
        before = gold(music)
        cancelled = await runs.cancel(UUID((await runs.newest(1))[0].id))
        assert cancelled is not None
        assert (cancelled.status, cancelled.done_tracks) == (ReplayRunStatus.CANCELLED, 20)
    assert await task
    assert gold(music) == before
    assert before != []
    assert not await runner(pool).work_on_next()
    with music.connect() as other:
        shown = other.execute("SELECT run_status, skipped_tracks FROM enrichment_pipeline_runs").fetchone()
    assert shown == ("cancelled", 20)


async def test_a_run_that_cannot_be_walked_fails_and_says_why(pool: Pool, music: DatabaseAddress) -> None:
    class Broken(ReplayVersions):
        async def get(self, version: int | None) -> WaterfallConfiguration:
            raise RuntimeError(f"no version {version}")

    runs = ReplayRuns(pool)
    await runs.add(ReplayRunRequest(**WHO))
    broken = Broken(ConfigurationHolder(pool), Versions(pool))
    assert await ReplayRunner(pool, broken).work_on_next()
    run = (await runs.newest(1))[0]
    assert (run.status, run.error) == (ReplayRunStatus.FAILED, "RuntimeError: no version None")
    assert not await runner(pool).work_on_next()


def test_the_service_works_on_what_is_queued_over_http(operator: Operator, music: DatabaseAddress) -> None:
    started = operator.ask("POST", RUNS, json={**WHO, "promote": False})
    assert started.status_code == 202, started.text
    path = f"{RUNS}/{started.json()['id']}"
    wait_until(lambda: operator.ask("GET", path).json()["status"] == "completed")
    run = operator.ask("GET", path).json()
    assert operator.ask("GET", RUNS).json() == [run]
    assert operator.ask("POST", f"{path}/cancel").json() == run
    first = operator.ask("GET", f"{path}/differences", params={"limit": 9}).json()
    last = {"after_track": first[-1]["track_id"], "after_field": first[-1]["field"]}
    rest = operator.ask("GET", f"{path}/differences", params={"limit": 1000, **last}).json()
    keys = [(one["track_id"], one["field"]) for one in [*first, *rest]]
    assert (len(keys), keys) == (run["differing_values"], sorted(set(keys)))


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"config_version": 99}, 404, "no version 99"),
        ({"fields": ["mood"]}, 422, "no field mood"),
        ({"track_ids": ["nobody"]}, 422, "Of none of these tracks"),
        ({"track_ids": ["a\x00b"]}, 422, "the NUL character"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    operator: Operator, body: dict[str, Any], status: int, told: str
) -> None:
    refused = operator.ask("POST", RUNS, json={**WHO, **body})
    assert (refused.status_code, told in refused.json()["detail"]) == (status, True)
    assert operator.ask("GET", RUNS).json() == []
    assert operator.ask("GET", RUNS, token=None).status_code == 401
    assert operator.ask("GET", f"{RUNS}/{UUID(int=1)}").status_code == 404

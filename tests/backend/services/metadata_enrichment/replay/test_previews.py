"""Previews over HTTP on stored evidence, and what happens to one that a newer one overtakes."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from backend.contracts.replay import PreviewRequest, ReplayComparison
from backend.contracts.waterfall import WaterfallConfiguration
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence
from backend.services.metadata_enrichment.replay.evidence_store import EvidenceStore
from backend.services.metadata_enrichment.replay.limits import ProviderLimits
from backend.services.metadata_enrichment.replay.previews import Previews, SupersededError
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.replay.stored import store
from tests.backend.services.metadata_enrichment.replay.synthetic import BEGIN, configuration, tracks
from tests.backend.services.metadata_enrichment.replay.test_comparison import compared, held_of
from tests.fixtures.postgres import free_port

PREVIEW = "/admin/replay/preview"
UNLIKE = {"milliseconds": 0.0, "providers": [], "bottleneck_before": None, "bottleneck_after": None}


def preview(operator: Operator, draft: WaterfallConfiguration, **more: Any) -> ReplayComparison:
    body = PreviewRequest(fields=draft.fields, **more).model_dump(mode="json")
    reply = operator.ask("POST", PREVIEW, json=body)
    assert reply.status_code == 200, reply.text
    return ReplayComparison.model_validate(reply.json())


def expected(
    operator: Operator, found: Sequence[TrackEvidence], draft: WaterfallConfiguration, **more: Any
) -> ReplayComparison:
    return compared(held_of(found), operator.in_force(), draft, **more).model_copy(update=UNLIKE)


def add(musicdb: DatabaseAddress, found: Sequence[TrackEvidence]) -> None:
    with musicdb.connect() as connection:
        store(connection, found)


def moved(track: TrackEvidence, seconds: float) -> TrackEvidence:
    return track._replace(received_at=track.received_at + timedelta(seconds=seconds))


def test_the_answer_is_that_of_the_stored_evidence_also_when_more_comes(
    operator: Operator, musicdb: DatabaseAddress
) -> None:
    draft, found = configuration(random.Random(1)), tracks(60)
    add(musicdb, found[:40])
    first = preview(operator, draft, differences=5000)
    assert first.model_copy(update=UNLIKE) == expected(operator, found[:40], draft)
    assert all(one.limit_per_second is None and one.hours_after is None for one in first.providers)
    add(musicdb, found[40:])
    second = preview(operator, draft, differences=5000)
    assert second.model_copy(update=UNLIKE) == expected(operator, found, draft)
    newest = preview(operator, draft, differences=5000, tracks=25)
    assert newest.model_copy(update=UNLIKE) == expected(operator, found[35:], draft)
    assert newest.evidence_until == found[-1].received_at


def test_of_each_source_the_newest_answer_counts(operator: Operator, musicdb: DatabaseAddress) -> None:
    draft, (older,) = configuration(random.Random(1)), tracks(1)
    later = BEGIN + timedelta(hours=1)
    newer = older._replace(
        received_at=later,
        sources={"spotify": SourceEvidence("spotify", "failure", "no_answer", received_at=later)},
    )
    add(musicdb, [older])
    preview(operator, draft)
    add(musicdb, [newer])
    together = newer._replace(sources={**older.sources, **newer.sources})
    again = preview(operator, draft, differences=5000)
    assert again.model_copy(update=UNLIKE) == expected(operator, [together], draft)


def test_answers_for_other_names_than_those_of_gold_do_not_count(
    operator: Operator, musicdb: DatabaseAddress
) -> None:
    draft, (mine,) = configuration(random.Random(1)), tracks(1)
    other = tracks(1, seed=9)[0]._replace(track_id=mine.track_id, track_title="Another song")
    with musicdb.connect() as connection:
        requests = store(connection, [mine])
        connection.execute(
            """INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, completeness,
                   is_complete, config_version, request_id) VALUES (%s, %s, %s, 0, false, 1, %s)""",
            (*mine[:3], requests[mine.track_id]),
        )
    add(musicdb, [moved(other, 60)])
    found = preview(operator, draft, differences=5000)
    assert found.model_copy(update=UNLIKE) == expected(operator, [mine], draft)


async def test_no_more_answers_are_held_than_the_bound_allows(pool: Pool, musicdb: DatabaseAddress) -> None:
    found = tracks(40)
    add(musicdb, found[:30])
    evidence = EvidenceStore(pool, most_responses=60)
    first = (await evidence.newest(1000)).held
    newest = [track for track in found[:30] if track.track_id in {one.track_id for one in first.tracks}]
    assert newest == found[30 - len(newest) : 30], "not the newest ones"
    assert 50 <= first.responses <= 60
    add(musicdb, found[30:])
    second = (await evidence.newest(1000)).held
    assert second.responses <= 60
    assert second.evidence_until == found[-1].received_at


def test_it_needs_the_token_and_a_version_that_exists(operator: Operator) -> None:
    body = PreviewRequest(fields=configuration(random.Random(1)).fields).model_dump(mode="json")
    assert operator.ask("POST", PREVIEW, token=None, json=body).status_code == 401
    missing = operator.ask("POST", PREVIEW, json={**body, "base_version": 99})
    assert (missing.status_code, "no version 99" in missing.json()["detail"]) == (404, True)
    assert operator.ask("POST", PREVIEW, json={"fields": []}).status_code == 422


class HeldBase:
    """Gives the base when it is let go, and tells how many wait for it."""

    def __init__(self) -> None:
        self.go, self.waits = asyncio.Event(), asyncio.Event()
        self.asked = 0

    async def __call__(self, _version: int | None) -> WaterfallConfiguration:
        self.asked += 1
        self.waits.set()
        await self.go.wait()
        return configuration(random.Random(2))


@pytest.mark.parametrize(("second", "is_superseded"), [("ada", True), ("bob", False)])
async def test_a_newer_preview_of_the_same_editor_takes_the_place_of_an_older_one(
    pool: Pool, second: str, is_superseded: bool
) -> None:
    base = HeldBase()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port()}") as client:
        previews = Previews(EvidenceStore(pool), ProviderLimits(client), base)
        fields = configuration(random.Random(1)).fields
        older = asyncio.create_task(previews.preview(PreviewRequest(fields=fields, editor="ada")))
        await base.waits.wait()
        newer = asyncio.create_task(previews.preview(PreviewRequest(fields=fields, editor=second)))
        await asyncio.sleep(0)
        assert base.asked == 1, "two are computed at the same time"
        base.go.set()
        outcome, answer = await asyncio.gather(older, newer, return_exceptions=True)
    assert isinstance(outcome, SupersededError) == is_superseded
    assert isinstance(answer, ReplayComparison)


async def test_one_that_is_being_computed_stops_when_a_newer_one_comes(
    pool: Pool, musicdb: DatabaseAddress
) -> None:
    add(musicdb, tracks(30))
    previews: Previews
    newer: list[asyncio.Task[ReplayComparison]] = []
    loop = asyncio.get_running_loop()

    async def base(_version: int | None) -> WaterfallConfiguration:
        return WaterfallConfiguration.model_construct(version=1, activated_at=BEGIN, fields=Walked(fields))

    class Walked(list[Any]):
        """Fields that are walked in the thread: that is when the newer preview comes."""

        def __iter__(self) -> Any:
            if not newer:
                asyncio.run_coroutine_threadsafe(overtake(), loop).result(10)
            return super().__iter__()

    async def overtake() -> None:
        request = PreviewRequest(fields=fields, editor="ada")
        newer.append(asyncio.create_task(previews.preview(request)))
        await asyncio.sleep(0)

    fields = configuration(random.Random(1)).fields
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port()}") as client:
        previews = Previews(EvidenceStore(pool), ProviderLimits(client), base)
        with pytest.raises(SupersededError):
            await previews.preview(PreviewRequest(fields=fields, editor="ada"))
        assert (await newer[0]).tracks == 30

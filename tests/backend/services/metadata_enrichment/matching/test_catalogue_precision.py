"""Matching over the simulator's catalogue: real tracks, differing providers, covers and karaoke."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.database.address import DatabaseAddress
from backend.sandbox.catalogue import Recording, load_catalogue
from backend.services.common.database import Database
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.waterfall.resolution import resolve
from backend.services.metadata_enrichment.work.gathering import Gathered, Gathering
from tests.backend.services.metadata_enrichment.direct_gateway import DirectGateway, direct_gateway
from tests.fixtures.provider_simulator import running_simulator

EVERY = 4
"""One recording in so many; all of them take a quarter of a minute."""
OTHER_RECORDING_MS = 6_000
"""Two providers measure the same recording less than this apart."""


@pytest.fixture
async def gateway() -> AsyncIterator[DirectGateway]:
    with running_simulator() as simulator:
        async with direct_gateway(simulator) as gateway:
            yield gateway


@pytest.fixture
async def configuration(musicdb: DatabaseAddress) -> WaterfallConfiguration:
    arguments = musicdb.conninfo()
    async with Database(arguments, name="tests") as database:
        return await ConfigurationHolder(database.pool).reload()


def asked_title(recording: Recording) -> str:
    return f"{recording.title} ({recording.version})" if recording.version else recording.title


async def test_tracks_are_found_and_none_is_taken_for_another(
    gateway: DirectGateway, configuration: WaterfallConfiguration
) -> None:
    recordings = [one for one in load_catalogue() if not one.is_trap][::EVERY]
    at_once = asyncio.Semaphore(8)

    async def enrich(recording: Recording) -> Gathered:
        request = EnrichRequest(
            track_id="t", artist_name=recording.artist, track_title=asked_title(recording)
        )
        async with at_once:
            return await Gathering(gateway, configuration, request, "trace").run()

    gathered = await asyncio.gather(*(enrich(recording) for recording in recordings))
    wrong, incomplete = [], []
    for recording, found in zip(recordings, gathered, strict=True):
        durations = [source.values.get("duration_ms") for source in found.evidence.values()]
        known = [duration for duration in durations if duration]
        if any(abs(duration - recording.duration_ms) > OTHER_RECORDING_MS for duration in known):
            wrong.append((recording.artist, asked_title(recording), known))
        resolution = resolve(configuration, found.evidence)
        if resolution.required & resolution.missing:
            incomplete.append((recording.artist, asked_title(recording)))
    assert wrong == []
    assert len(incomplete) <= 0.02 * len(recordings), incomplete
    assert len(recordings) > 100


async def test_lastfm_itunes_and_beatport_fill_their_fields_and_take_none_for_another(
    gateway: DirectGateway, configuration: WaterfallConfiguration
) -> None:
    sources = {"genres": "lastfm", "explicit": "itunes", "musical_key": "beatport"}
    waterfall = configuration.model_copy(update={"fields": [_only(*pair) for pair in sources.items()]})
    recordings = [one for one in load_catalogue() if one.genre == "Electronic"][:: 4 * EVERY]
    filled = dict.fromkeys(sources, 0)
    for recording in recordings:
        request = EnrichRequest(
            track_id="t", artist_name=recording.artist, track_title=asked_title(recording)
        )
        found = await Gathering(gateway, waterfall, request, "trace").run()
        for source in found.evidence.values():
            length = source.values.get("duration_ms")
            assert abs((length or recording.duration_ms) - recording.duration_ms) < OTHER_RECORDING_MS
        for field in resolve(waterfall, found.evidence).values:
            filled[field] += 1
    assert len(recordings) > 30
    assert all(count >= 0.8 * len(recordings) for count in filled.values()), filled


def _only(field: str, provider: str) -> WaterfallField:
    step = WaterfallStep(provider=provider, enabled=True, min_confidence=0.5)
    return WaterfallField(field=field, required_for_gold=False, sources=[step])


async def test_a_search_costs_at_most_two_calls_a_provider(
    gateway: DirectGateway, configuration: WaterfallConfiguration
) -> None:
    request = EnrichRequest(track_id="t", artist_name="Deadmau5", track_title="Strobe")
    found = await Gathering(gateway, configuration, request, "trace").run()
    calls = [(answer.provider, answer.operation) for answer in found.answers]
    assert len(calls) == len(set(calls)) <= 6


async def test_a_known_identifier_is_looked_up_and_not_searched(
    gateway: DirectGateway, configuration: WaterfallConfiguration
) -> None:
    request = EnrichRequest(track_id="t", artist_name="Deadmau5", track_title="Strobe")
    first = await Gathering(gateway, configuration, request, "trace").run()
    chosen = first.selections["spotify"].chosen
    assert chosen is not None
    known = request.model_copy(update={"existing_spotify_id": chosen.candidate.provider_id})
    second = await Gathering(gateway, configuration, known, "trace").run()
    assert [answer.operation for answer in second.answers if answer.provider == "spotify"] == ["track"]
    wrong = request.model_copy(update={"existing_spotify_id": "0000000000000000000000"})
    third = await Gathering(gateway, configuration, wrong, "trace").run()
    assert [answer.operation for answer in third.answers if answer.provider == "spotify"] == [
        *("track", "search"),
    ]
    assert third.selections["spotify"].chosen is not None

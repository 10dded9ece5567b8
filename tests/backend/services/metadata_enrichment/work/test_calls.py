"""How many calls a track costs at each provider, counted at the simulator."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import PROVIDERS
from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import WaterfallConfiguration
from backend.database.address import DatabaseAddress
from backend.sandbox.catalogue import Recording, load_catalogue
from backend.services.common.database import Database
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.gathering import Gathered, Gathering
from backend.services.metadata_enrichment.work.provider_ways import BY_ISRC
from tests.backend.services.metadata_enrichment.direct_gateway import DirectGateway, direct_gateway
from tests.backend.services.metadata_enrichment.waterfall.evidence import configured, field
from tests.fixtures.provider_simulator import SimulatorHandle, running_simulator

MOST_CALLS = 1.3
TRACKS = 30
IDENTIFYING = ("musicbrainz", "spotify", "deezer", "discogs", "beatport")
"""Of which the default waterfall keeps the identifier."""


@dataclass
class World:
    """The gateway over a simulator that counts, and the waterfall in force."""

    simulator: SimulatorHandle
    gateway: DirectGateway
    configuration: WaterfallConfiguration

    async def gather(self, request: EnrichRequest, known: Mapping[str, str] | None = None) -> Gathered:
        return await Gathering(self.gateway, self.configuration, request, "trace", known).run()

    def counted(self) -> dict[str, int]:
        return {name: int(self.simulator.counts(name)["requests"]) for name in PROVIDERS}


@pytest.fixture
async def world(musicdb: DatabaseAddress) -> AsyncIterator[World]:
    with running_simulator() as simulator:
        async with (
            Database(musicdb.conninfo(), name="tests") as database,
            direct_gateway(simulator) as gateway,
        ):
            yield World(simulator, gateway, await ConfigurationHolder(database.pool).reload())


def request_for(recording: Recording) -> EnrichRequest:
    title = f"{recording.title} ({recording.version})" if recording.version else recording.title
    return EnrichRequest(track_id="t", artist_name=recording.artist, track_title=title)


def identifiers(gathered: Gathered) -> dict[str, str]:
    return {
        name: str(source.values[f"{name}_id"])
        for name, source in gathered.evidence.items()
        if f"{name}_id" in source.values
    }


async def test_a_track_with_known_identifiers_costs_one_look_up_a_provider(world: World) -> None:
    recordings = [one for one in load_catalogue() if not one.is_trap][:: 600 // TRACKS]
    found = [(one, identifiers(await world.gather(request_for(one)))) for one in recordings]
    everywhere = [(one, known) for one, known in found if set(IDENTIFYING) <= known.keys()]
    assert len(everywhere) > TRACKS // 4
    await world.gateway.forget()
    before = world.counted()
    for recording, known in everywhere:
        await world.gather(request_for(recording), known)
    made = {name: count - before[name] for name, count in world.counted().items()}
    assert {name: made[name] for name in IDENTIFYING} == dict.fromkeys(IDENTIFYING, len(everywhere))
    assert all(calls <= MOST_CALLS * len(everywhere) for calls in made.values()), made


async def test_a_known_isrc_costs_one_call_where_the_provider_has_a_form_for_it(world: World) -> None:
    strobe = EnrichRequest(track_id="t", artist_name="deadmau5", track_title="Strobe")
    isrc = (await world.gather(strobe)).evidence["spotify"].values["isrc"]
    await world.gateway.forget()
    before = world.counted()
    gathered = await world.gather(strobe.model_copy(update={"existing_isrc": isrc}))
    made = {name: count - before[name] for name, count in world.counted().items()}
    assert {name: made[name] for name in BY_ISRC} == dict.fromkeys(BY_ISRC, 1)
    assert all(gathered.evidence[name].verdict == "matched" for name in BY_ISRC)


async def test_an_isrc_that_the_first_ones_tell_spares_deezer_its_look_up(world: World) -> None:
    gathered = await world.gather(EnrichRequest(track_id="t", artist_name="deadmau5", track_title="Strobe"))
    calls = [(answer.provider, answer.operation) for answer in gathered.answers]
    assert [operation for provider, operation in calls if provider == "deezer"] == ["search"]
    assert len(calls) == len(set(calls))
    assert gathered.evidence["deezer"].values["bpm"]


async def test_an_isrc_of_another_track_leads_back_to_the_names(world: World) -> None:
    other = EnrichRequest(track_id="t", artist_name="Daft Punk", track_title="One More Time")
    foreign = (await world.gather(other)).evidence["spotify"].values["isrc"]
    gathered = await world.gather(
        EnrichRequest(track_id="t", artist_name="deadmau5", track_title="Strobe", existing_isrc=foreign)
    )
    assert gathered.evidence["spotify"].values["track_title"] == "Strobe"


async def test_a_look_up_that_failed_is_not_made_again_behind_the_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(provider: str, _track_id: str, _correlation_id: str) -> Answer:
        return Answer(provider, "track", Outcome.FAILURE)

    monkeypatch.setattr(world.gateway, "track", failing)
    world.configuration = configured(field("genres", "lastfm"))
    gathered = await world.gather(EnrichRequest(track_id="t", artist_name="deadmau5", track_title="Strobe"))
    assert [answer.operation for answer in gathered.answers] == ["track", "search"]
    lastfm = gathered.evidence["lastfm"]
    assert (lastfm.verdict, lastfm.outcome) == ("matched", "failure")
    assert "genres" in lastfm.lookup_fields


async def test_the_archive_is_asked_by_the_release_that_musicbrainz_names(world: World) -> None:
    world.configuration = configured(field("artwork_url", "coverartarchive"))
    gathered = await world.gather(EnrichRequest(track_id="t", artist_name="deadmau5", track_title="Strobe"))
    calls = [(answer.provider, answer.operation) for answer in gathered.answers]
    assert calls == [("musicbrainz", "search"), ("coverartarchive", "track")]
    archive = gathered.evidence["coverartarchive"]
    assert archive.values["artwork_url"].startswith("https://")
    assert archive.match_probability == gathered.evidence["musicbrainz"].match_probability
    nobody = await world.gather(
        EnrichRequest(track_id="t", artist_name="Nobody at all", track_title="Nothing whatever")
    )
    missing = nobody.evidence["coverartarchive"]
    assert (missing.outcome, missing.calls) == ("not_found", 0)
    assert "names no release" in missing.detail


async def test_listenbrainz_is_looked_up_by_the_identifier_that_musicbrainz_gave(world: World) -> None:
    world.configuration = configured(field("genres", "listenbrainz"), field("musicbrainz_id", "musicbrainz"))
    gathered = await world.gather(EnrichRequest(track_id="t", artist_name="deadmau5", track_title="Strobe"))
    calls = [(answer.provider, answer.operation) for answer in gathered.answers]
    assert calls == [("musicbrainz", "search"), ("listenbrainz", "track")]
    assert gathered.evidence["listenbrainz"].verdict == "matched"

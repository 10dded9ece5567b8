"""What Gold keeps, replaces and has sought again."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backend.contracts.enrichment import EnrichmentStatus, EnrichRequest
from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import OnDisagreement, WaterfallConfiguration, WhenUnavailable
from backend.database.address import DatabaseAddress
from backend.services.common.database import Database
from backend.services.metadata_enrichment.layers.gold import GoldTrack
from backend.services.metadata_enrichment.layers.records import Begun, Closing, Opened, Records
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.resolution import resolve
from backend.services.metadata_enrichment.work.gathering import Gathered
from tests.backend.services.metadata_enrichment.waterfall.evidence import (
    by_provider,
    configured,
    field,
    found,
    in_vain,
    unmatched,
)

REQUEST = EnrichRequest(track_id="t-1", artist_name="deadmau5", track_title="Strobe")
YEAR = {"bpm": 365}
BPM = field("bpm", "beatport", "deezer", required=True)


class Layers:
    """Writes what sources had as the service does; version 2 is the one that every value names."""

    def __init__(self, records: Records, database: DatabaseAddress) -> None:
        self.records = records
        self.database = database

    async def write(self, configuration: WaterfallConfiguration, *sources: SourceEvidence) -> GoldTrack:
        opened = Opened(uuid4(), "trace", time.monotonic())
        await self.records.open(opened, REQUEST.model_copy(update={"force_refresh": True}), "api", {})
        evidence = by_provider(*(replace(one, response_id=str(uuid4())) for one in sources))
        resolution = resolve(configuration.model_copy(update={"version": 2}), evidence)
        closing = Closing(EnrichmentStatus.PARTIAL, 1.0, config_version=2)
        gathered = Gathered(evidence, (), {})
        return await self.records.complete(opened, REQUEST, gathered, resolution, closing)

    async def ask(self, keep_days: dict[str, int]) -> Begun:
        opened = Opened(uuid4(), "trace", time.monotonic())
        return await self.records.open(opened, REQUEST, "api", keep_days)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture
async def layers(musicdb: DatabaseAddress) -> AsyncIterator[Layers]:
    async with Database(musicdb.conninfo(), name="tests") as database:
        yield Layers(Records(database.pool), musicdb)


async def test_a_lesser_value_is_marked_and_gold_seeks_again(layers: Layers) -> None:
    track = await layers.write(configured(BPM), in_vain("beatport"), found("deezer", bpm=127.0))
    assert (track.values, track.is_complete, track.degraded) == ({"bpm": 127.0}, True, True)
    assert track.provenance["bpm"].degraded_by == ["beatport"]
    assert layers.rows("SELECT provider, degraded_by, config_version FROM field_provenance") == [
        ("deezer", ["beatport"], 2)
    ]
    assert (await layers.ask({})).status is None
    await layers.write(configured(BPM), found("beatport", bpm=128.0), found("deezer", bpm=127.0))
    assert layers.rows("SELECT provider, degraded_by, changes FROM field_provenance") == [("beatport", [], 1)]
    assert (await layers.ask({})).status is EnrichmentStatus.CACHED


async def test_an_outage_does_not_replace_what_the_source_gave(layers: Layers) -> None:
    await layers.write(configured(BPM), found("beatport", bpm=128.0))
    (before,) = layers.rows("SELECT request_id, raw_response_id, found_at FROM field_provenance")
    track = await layers.write(configured(BPM), in_vain("beatport"), found("deezer", bpm=127.0))
    assert (track.values, track.degraded) == ({"bpm": 128.0}, True)
    assert track.provenance["bpm"].provider == "beatport"
    assert layers.rows("SELECT request_id, raw_response_id, found_at FROM field_provenance") == [before]


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.OK, Outcome.NOT_FOUND}))
async def test_a_source_that_does_not_speak_loses_nothing_that_it_gave(
    layers: Layers, outcome: Outcome
) -> None:
    album = field("album", "beatport")
    await layers.write(configured(BPM, album), found("beatport", bpm=128.0, album="4x4=12"))
    track = await layers.write(
        configured(BPM, album), in_vain("beatport", outcome), found("deezer", bpm=127.0)
    )
    assert track.values == {"bpm": 128.0, "album": "4x4=12"}
    told = await layers.write(configured(BPM, album), unmatched("beatport"), found("deezer", bpm=127.0))
    assert told.values == {"bpm": 127.0}


async def test_a_value_that_its_source_has_no_more_is_replaced(layers: Layers) -> None:
    await layers.write(configured(BPM), found("deezer", bpm=127.0), unmatched("beatport"))
    track = await layers.write(configured(BPM), in_vain("beatport"), unmatched("deezer"))
    assert track.values == {}


async def test_a_field_that_waits_stays_as_it_was(layers: Layers) -> None:
    waiting = configured(BPM.model_copy(update={"when_unavailable": WhenUnavailable.WAIT}))
    first = await layers.write(waiting, in_vain("beatport"))
    assert (first.values, first.is_complete) == ({}, False)
    await layers.write(waiting, unmatched("beatport"), found("deezer", bpm=127.0))
    track = await layers.write(waiting, in_vain("beatport"))
    assert (track.values, track.degraded) == ({"bpm": 127.0}, True)
    steps = "SELECT outcome, detail FROM enrichment_transformations ORDER BY id DESC LIMIT 1"
    assert layers.rows(steps) == [("waited_for", "throttled: slow down")]


async def test_a_value_that_is_too_old_is_sought_again(layers: Layers) -> None:
    now = datetime.now(UTC)
    old = replace(found("beatport", bpm=128.0), received_at=now - timedelta(days=366))
    await layers.write(configured(BPM), old)
    assert (await layers.ask({})).status is EnrichmentStatus.CACHED
    assert (await layers.ask({"label": 1})).status is EnrichmentStatus.CACHED
    begun = await layers.ask(YEAR)
    assert begun.status is None
    await layers.write(configured(BPM), replace(old, received_at=now - timedelta(days=364)))
    assert (await layers.ask(YEAR)).status is EnrichmentStatus.CACHED


async def test_identifiers_found_before_are_known_to_the_next_request(layers: Layers) -> None:
    ids = configured(field("deezer_id", "deezer"), field("isrc", "deezer", required=True))
    await layers.write(ids, found("deezer", deezer_id="3135556"))
    assert (await layers.ask({})).known_ids == {"deezer": "3135556"}


async def test_evidence_and_disagreements_are_written_down(layers: Layers) -> None:
    bpm = BPM.model_copy(update={"on_disagreement": OnDisagreement.SUREST})
    beatport = replace(
        found("beatport", bpm=128.0, label="mau5trap"),
        invalid={"isrc": "'x' is no ISRC"},
        unasked_fields=frozenset({"genres"}),
    )
    deezer = replace(found("deezer", bpm=98.0), lookup_fields=frozenset({"bpm"}))
    await layers.write(configured(bpm), beatport, deezer)
    evidence = """SELECT provider, outcome, verdict, match_probability, field_values, invalid_values,
        lookup_fields, unasked_fields FROM source_evidence ORDER BY provider"""
    assert layers.rows(evidence) == [
        (
            *("beatport", "ok", "matched", 1.0, {"bpm": 128.0, "label": "mau5trap"}),
            *({"isrc": "'x' is no ISRC"}, [], ["genres"]),
        ),
        ("deezer", "ok", "matched", 1.0, {"bpm": 98.0}, {}, ["bpm"], []),
    ]
    differing = "SELECT field, policy, winner, winning_value, others FROM field_disagreements"
    assert layers.rows(differing) == [("bpm", "surest", "beatport", 128.0, {"deezer": 98.0})]

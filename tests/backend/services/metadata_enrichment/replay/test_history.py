"""Tracks enriched again and again while sources come and go: a replay still finds what Gold holds."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.replay import ReplayRunRequest
from backend.contracts.waterfall import (
    OnDisagreement,
    WaterfallChange,
    WaterfallConfiguration,
    WhenUnavailable,
)
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.versions import Versions
from backend.services.metadata_enrichment.layers import evidence, gold
from backend.services.metadata_enrichment.replay.run_rows import ReplayRuns
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.resolution import resolve, sources_needed
from tests.backend.services.metadata_enrichment.replay.synthetic import source
from tests.backend.services.metadata_enrichment.replay.test_runs import WHO, runner

TRACKS = 12
ROUNDS = 4
_RAW = """
INSERT INTO raw_track_enrichment_requests
    (id, track_id, artist_name, track_title, request, correlation_id, source)
VALUES (%(id)s, %(track)s, 'Artist', %(title)s, '{}', 'c', 'api')
"""
_REQUEST = """
INSERT INTO enrichment_requests (id, track_id, artist_name, track_title, status, correlation_id,
    raw_request_id, source, config_version, finished_at)
VALUES (%(id)s, %(track)s, 'Artist', %(title)s, 'completed', 'c', %(id)s, 'api', %(version)s,
    clock_timestamp())
"""


async def with_policies(pool: Pool, chance: random.Random) -> WaterfallConfiguration:
    """A version in force in which every field has policies of its own."""
    in_force = await Versions(pool).in_force()
    for field in in_force.fields:
        field.when_unavailable = chance.choice(list(WhenUnavailable))
        field.on_disagreement = chance.choice([OnDisagreement.FIRST, *OnDisagreement])
    change = WaterfallChange(
        base_version=in_force.version, author="ada@desk", comment="policies", fields=in_force.fields
    )
    return (await Versions(pool).apply(change)).configuration


def gathered(
    configuration: WaterfallConfiguration, world: Mapping[str, SourceEvidence]
) -> dict[str, SourceEvidence]:
    """What an enrichment asks of the world: source by source, until no field needs one."""
    asked: dict[str, SourceEvidence] = {}
    while needed := sources_needed(configuration, asked):
        for provider in needed:
            if provider in asked:  # now its record of the track is looked up, in vain
                known = asked[provider]
                asked[provider] = replace(
                    known, unasked_fields=frozenset(), lookup_fields=known.unasked_fields, calls=2
                )
            else:
                asked[provider] = world[provider]
    return asked


async def enrich(
    connection: psycopg.AsyncConnection[Any],
    request: EnrichRequest,
    configuration: WaterfallConfiguration,
    world: Mapping[str, SourceEvidence],
) -> None:
    """Leave the rows that an enrichment leaves."""
    asked = gathered(configuration, world)
    row: dict[str, UUID | str | int] = {
        "id": uuid4(),
        "track": request.track_id,
        "title": request.track_title,
        "version": configuration.version,
    }
    await connection.execute(_RAW, row)
    await connection.execute(_REQUEST, row)
    request_id = row["id"]
    assert isinstance(request_id, UUID)
    await evidence.write(connection, request_id, request.track_id, asked)
    resolution = resolve(configuration, asked)
    await gold.write_track(connection, request_id, request, resolution, configuration.version)


def worlds(
    chance: random.Random, number: int, configuration: WaterfallConfiguration
) -> Sequence[dict[str, SourceEvidence]]:
    """What every source of the configuration would answer, in each round."""
    now = datetime.now(UTC)
    providers = sorted({step.provider for field in configuration.fields for step in field.sources})
    return [
        {provider: source(chance, provider, number, now) for provider in providers} for _ in range(ROUNDS)
    ]


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happened_before_a_replay_changes_nothing(pool: Pool, seed: int) -> None:
    chance = random.Random(seed)
    configuration = await with_policies(pool, chance)
    for number in range(TRACKS):
        for turn, world in enumerate(worlds(chance, number, configuration)):
            # Every third track was asked for under another name before.
            title = "Other" if number % 3 == 0 and turn == 1 else "Title"
            request = EnrichRequest(track_id=f"t{number}", artist_name="Artist", track_title=title)
            async with pool.connection() as connection:
                await enrich(connection, request, configuration, world)
    await ReplayRuns(pool).add(ReplayRunRequest(promote=True, **WHO))
    assert await runner(pool).work_on_next()
    run = (await ReplayRuns(pool).newest(1))[0]
    assert (run.done_tracks, run.differing_values, run.unjudged_values) == (TRACKS, 0, 0)
    async with pool.connection() as connection:
        held = await (await connection.execute("SELECT count(*) FROM field_provenance")).fetchone()
    assert held is not None
    assert held[0] > TRACKS * 5

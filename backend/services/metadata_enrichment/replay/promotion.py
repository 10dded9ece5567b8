"""Writes what a replay came to into Gold, by the rules that enrichment writes by."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.layers import gold, quality, silver
from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence
from backend.services.metadata_enrichment.waterfall.resolution import Resolution, resolve
from backend.services.metadata_enrichment.waterfall.walk import FieldResult

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_LINEAGE: LiteralString = """
UPDATE field_provenance SET request_id = origin.request_id
FROM unnest(%(fields)s::text[], %(requests)s::uuid[]) AS origin (field, request_id)
WHERE track_id = %(track)s AND field_provenance.field = origin.field
"""


async def promote(
    connection: Connection,
    track: TrackEvidence,
    judged: Mapping[str, FieldResult],
    configuration: WaterfallConfiguration,
    only: frozenset[str],
    run_id: UUID | None,
) -> bool:
    """Write the judged fields of a track; the others stay as they are. Whether Gold was written.

    Fields that the configuration does not have lose their values, unless the run is about `only` some fields.

    A track for which nothing is found keeps its row, as it does in enrichment. Each value is kept with the
    request that its evidence came from, whichever of the track's requests that was. The steps and the quality
    are kept beside those of the newest of these requests, under the pipeline run `run_id`.
    """
    resolution = _only(judged, resolve(configuration, track.sources))
    request = EnrichRequest(
        track_id=track.track_id, artist_name=track.artist_name, track_title=track.track_title
    )
    newest = max(track.sources.values(), key=lambda source: source.received_at or track.received_at)
    origin = track.requests[newest.provider]
    written = await gold.write_track(
        connection, origin, request, resolution, configuration.version, only=only
    )
    origins = {
        name: track.requests[one.provider]
        for name, one in resolution.provenance.items()
        if written.provenance.get(name) is one
    }
    if set(origins.values()) - {origin}:
        lineage = {"track": track.track_id, "fields": list(origins), "requests": list(origins.values())}
        await connection.execute(_LINEAGE, lineage)
    if written.values:
        await silver.write_steps(connection, origin, track.track_id, resolution, run_id)
        required = resolution.required
        await quality.write_quality(connection, origin, track.track_id, written, required, run_id)
    return bool(written.values)


def _only(judged: Mapping[str, FieldResult], whole: Resolution) -> Resolution:
    """The resolution with the fields that were not judged left as Gold has them."""
    results = {
        name: result if name in judged else result._replace(steps=(), winner=None, needs=(), waits=True)
        for name, result in whole.results.items()
    }
    return replace(
        whole,
        results=results,
        values={name: value for name, value in whole.values.items() if name in judged},
        provenance={name: one for name, one in whole.provenance.items() if name in judged},
        disagreements=(),
    )

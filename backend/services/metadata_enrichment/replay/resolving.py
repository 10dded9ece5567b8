"""Resolves stored tracks again under a version and tells Gold's values from those it comes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from backend.contracts.replay import ValueDifference, ValueSide
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField
from backend.services.metadata_enrichment.layers import gold
from backend.services.metadata_enrichment.layers.gold import GoldTrack
from backend.services.metadata_enrichment.replay.evidence_rows import read_tracks
from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence
from backend.services.metadata_enrichment.replay.explaining import side_of
from backend.services.metadata_enrichment.replay.promotion import promote
from backend.services.metadata_enrichment.replay.run_lease import Lease, Tally
from backend.services.metadata_enrichment.waterfall.walk import FieldResult, walk

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_RECORD: LiteralString = """
INSERT INTO replay_differences
    (replay_id, track_id, field, artist_name, track_title, value_before, value_after)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


@dataclass
class Resolved:
    """One track under the version of a run."""

    results: dict[str, FieldResult] = field(default_factory=dict)
    """Of the fields that the run resolves and could judge."""
    unjudged: int = 0
    differences: list[ValueDifference] = field(default_factory=list)


async def resolve_tracks(
    connection: Connection, lease: Lease, track_ids: Sequence[str], configuration: WaterfallConfiguration
) -> Tally:
    """Resolve these tracks, record what differs from Gold, and write it there if the run promotes.

    Evidence and Gold are those of one moment: nobody writes these tracks meanwhile.
    """
    await gold.lock_tracks(connection, track_ids)
    found = await read_tracks(connection, track_ids, lineage=lease.promote)
    held = await gold.read_tracks(connection, [track.track_id for track in found])
    differing = promoted = 0
    fields = sum(1 for _ in _chosen(configuration, lease.fields))
    unjudged = (len(track_ids) - len(found)) * fields
    differences: list[ValueDifference] = []
    for track in found:
        resolved = resolve_track(track, held.get(track.track_id), configuration, lease.fields)
        unjudged += resolved.unjudged
        differing += len(resolved.differences)
        differences.extend(resolved.differences)
        if lease.promote and resolved.differences:
            promoted += await promote(
                connection, track, resolved.results, configuration, lease.fields, lease.pipeline_run
            )
    await _record(connection, lease, differences)
    return Tally(len(track_ids), differing, unjudged, promoted)


def resolve_track(
    track: TrackEvidence,
    held: GoldTrack | None,
    configuration: WaterfallConfiguration,
    only: frozenset[str],
) -> Resolved:
    """One track, of the fields `only`, or of all when there are none; Gold's row is `held`."""
    resolved = Resolved()
    for configured in _chosen(configuration, only):
        result = walk(configured, track.sources)
        if result.needs:
            resolved.unjudged += 1
            continue
        resolved.results[configured.field] = result
        if _differs(held, result):
            after = side_of(configured, result, track)
            resolved.differences.append(_difference(track, held, configured.field, after))
    configured_names = {configured.field for configured in configuration.fields}
    for name in _dropped(held, configured_names, only):
        after = ValueSide(provider=None, detail="The configuration does not have this field.")
        resolved.differences.append(_difference(track, held, name, after))
    return resolved


def _chosen(configuration: WaterfallConfiguration, only: frozenset[str]) -> Iterable[WaterfallField]:
    return (each for each in configuration.fields if not only or each.field in only)


def _differs(held: GoldTrack | None, result: FieldResult) -> bool:
    """Whether Gold would get another value, or the same one from another source."""
    had = held.provenance.get(result.field) if held is not None else None
    if had is not None and gold.stays(had, result):
        return False
    winner = result.winner
    if winner is None or had is None:
        return (winner is None) != (had is None)
    values: Mapping[str, Any] = held.values if held is not None else {}
    return had.provider != winner.provider or bool(values.get(result.field) != winner.value)


def _dropped(held: GoldTrack | None, configured: set[str], only: frozenset[str]) -> Iterable[str]:
    """The values in Gold of fields that the version does not have any more."""
    if held is None or only:
        return ()
    return sorted(held.provenance.keys() - configured)


def _difference(track: TrackEvidence, held: GoldTrack | None, name: str, after: ValueSide) -> ValueDifference:
    had = held.provenance.get(name) if held is not None else None
    before = ValueSide(provider=None, detail="Gold has no value.")
    if held is not None and had is not None:
        before = ValueSide(
            provider=had.provider,
            value=held.values.get(name),
            confidence=had.confidence,
            position=had.position,
            detail=f"In Gold by version {had.config_version}.",
        )
    return ValueDifference(
        track_id=track.track_id,
        artist_name=track.artist_name,
        track_title=track.track_title,
        field=name,
        before=before,
        after=after,
    )


async def _record(connection: Connection, lease: Lease, differences: Sequence[ValueDifference]) -> None:
    rows = [
        (
            *(lease.run_id, one.track_id, one.field, one.artist_name, one.track_title),
            *(Jsonb(one.before.model_dump(mode="json")), Jsonb(one.after.model_dump(mode="json"))),
        )
        for one in differences
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(_RECORD, rows)

"""The Gold row of a track with the provenance of its fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.contracts.enrichment import EnrichRequest, FieldProvenance
from backend.contracts.waterfall_rules import VALUE_FIELDS
from backend.services.metadata_enrichment.waterfall.evidence import UNANSWERED
from backend.services.metadata_enrichment.waterfall.keys import camelot
from backend.services.metadata_enrichment.waterfall.resolution import Resolution
from backend.services.metadata_enrichment.waterfall.walk import FieldResult

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_READ = """
SELECT * FROM enriched_tracks WHERE track_id = ANY(%s)
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(track_id, 0)) FROM unnest(%s::text[]) AS track_id"
_WRITE = f"""
INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, {", ".join(VALUE_FIELDS)},
    camelot_key, provider_ids, provenance, field_confidence, completeness, is_complete, degraded,
    config_version, request_id)
VALUES (%(track_id)s, %(requested_artist)s, %(requested_title)s,
    {", ".join(f"%({c})s" for c in VALUE_FIELDS)}, %(camelot_key)s, %(provider_ids)s,
    %(provenance)s, %(field_confidence)s, %(completeness)s, %(is_complete)s,
    %(degraded)s, %(config_version)s, %(request_id)s)
ON CONFLICT (track_id) DO UPDATE SET
    requested_artist = excluded.requested_artist, requested_title = excluded.requested_title,
    {", ".join(f"{c} = excluded.{c}" for c in VALUE_FIELDS)}, camelot_key = excluded.camelot_key,
    provider_ids = excluded.provider_ids, provenance = excluded.provenance,
    field_confidence = excluded.field_confidence, completeness = excluded.completeness,
    is_complete = excluded.is_complete, degraded = excluded.degraded,
    config_version = excluded.config_version,
    request_id = excluded.request_id, enriched_at = clock_timestamp()
"""  # noqa: S608 - column names are ours
_PROVENANCE = """
INSERT INTO field_provenance AS held (track_id, field, provider, position, confidence, current_value,
    raw_response_id, request_id, config_version, degraded_by, found_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, coalesce(%s, clock_timestamp()))
ON CONFLICT (track_id, field) DO UPDATE SET provider = excluded.provider, position = excluded.position,
    confidence = excluded.confidence, raw_response_id = excluded.raw_response_id,
    request_id = excluded.request_id, config_version = excluded.config_version,
    degraded_by = excluded.degraded_by, found_at = excluded.found_at,
    changes = held.changes + (held.current_value IS DISTINCT FROM excluded.current_value)::int,
    last_changed_at = CASE WHEN held.current_value IS DISTINCT FROM excluded.current_value
        THEN clock_timestamp() ELSE held.last_changed_at END,
    current_value = excluded.current_value
"""
_FORGET = "DELETE FROM field_provenance WHERE track_id = %s AND NOT field = ANY(%s)"


@dataclass(frozen=True)
class GoldTrack:
    """A track as Gold holds it."""

    requested_artist: str
    requested_title: str
    values: Mapping[str, Any]
    provenance: Mapping[str, FieldProvenance]
    completeness: float
    is_complete: bool
    degraded: bool
    config_version: int
    enriched_at: datetime | None = None
    """None for a track that is not written yet."""

    @property
    def identifiers(self) -> dict[str, str]:
        """The providers' own identifiers, by provider."""
        ids = {name: value for name, value in self.values.items() if name.endswith("_id")}
        return {name.removesuffix("_id"): str(value) for name, value in ids.items()}

    @property
    def sources(self) -> tuple[str, ...]:
        """Providers that gave at least one value, in order of first use."""
        return tuple(dict.fromkeys(one.provider for one in self.provenance.values()))

    def is_of(self, request: EnrichRequest) -> bool:
        """Whether it was made for the names that are asked for now."""
        return (self.requested_artist, self.requested_title) == (request.artist_name, request.track_title)

    def settles(self, keep_days: Mapping[str, int], now: datetime) -> bool:
        """Whether nothing is left to find: complete, no source asked in vain, and no value too old.

        `keep_days` says for how long a field's value is good; a field not in it is good for ever.
        """
        if not self.is_complete or self.degraded:
            return False
        return not any(self._is_older(field, now - timedelta(days=days)) for field, days in keep_days.items())

    def _is_older(self, field: str, moment: datetime) -> bool:
        held = self.provenance.get(field)
        found_at = (held.found_at or self.enriched_at) if held is not None else None
        return found_at is not None and found_at < moment


async def read_track(connection: Connection, track_id: str) -> GoldTrack | None:
    """The track's row, if it has one."""
    return (await read_tracks(connection, [track_id])).get(track_id)


async def read_tracks(connection: Connection, track_ids: Sequence[str]) -> dict[str, GoldTrack]:
    """The rows of these tracks, by track; one without a row is not in it."""
    cursor = connection.cursor(row_factory=dict_row)
    rows = await (await cursor.execute(_READ, (list(track_ids),))).fetchall()
    return {row["track_id"]: _track(row) for row in rows}


async def lock_tracks(connection: Connection, track_ids: Iterable[str]) -> None:
    """Keep others from writing these tracks until the transaction ends."""
    await connection.execute(_LOCK, (sorted(track_ids),))


async def write_track(
    connection: Connection,
    request_id: UUID,
    request: EnrichRequest,
    resolution: Resolution,
    version: int,
    *,
    only: frozenset[str] = frozenset(),
) -> GoldTrack:
    """Put what was found into Gold.

    A value found before stays where its source could not be asked this time, or where the field waits for
    another one, or where there are `only` other fields to be written. A run that found nothing leaves the
    track's row as it was, and makes none where there was none.
    """
    await lock_tracks(connection, [request.track_id])
    before = await read_track(connection, request.track_id)
    earlier = before if before is not None and before.is_of(request) else None
    track = _merged(earlier, request, resolution, version, only)
    if track.values or (before is not None and earlier is None):
        await connection.execute(_WRITE, _row(request_id, request.track_id, track))
        await _write_provenance(connection, request_id, request.track_id, track, resolution)
    return track


def stays(held: FieldProvenance, result: FieldResult) -> bool:
    """Whether a value stays as it was: a source that did not speak takes from Gold nothing that it had given.

    Be it for an outage that passes, or for credentials that somebody has to renew first.
    """
    return result.waits or any(
        step.provider == held.provider and step.outcome in UNANSWERED for step in result.steps
    )


def _track(row: Mapping[str, Any]) -> GoldTrack:
    values = {name: row[name] for name in VALUE_FIELDS if row[name] not in (None, [])}
    values |= {f"{provider}_id": found for provider, found in row["provider_ids"].items()}
    return GoldTrack(
        requested_artist=row["requested_artist"],
        requested_title=row["requested_title"],
        values=values,
        provenance={name: FieldProvenance.model_validate(one) for name, one in row["provenance"].items()},
        completeness=row["completeness"],
        is_complete=row["is_complete"],
        degraded=row["degraded"],
        config_version=row["config_version"],
        enriched_at=row["enriched_at"],
    )


def _merged(
    earlier: GoldTrack | None,
    request: EnrichRequest,
    resolution: Resolution,
    version: int,
    only: frozenset[str],
) -> GoldTrack:
    values = dict(resolution.values)
    provenance = dict(resolution.provenance)
    if earlier is not None:
        for field in _kept(earlier, resolution, only):
            values[field] = earlier.values[field]
            provenance[field] = earlier.provenance[field]
    return GoldTrack(
        requested_artist=request.artist_name,
        requested_title=request.track_title,
        values=values,
        provenance=provenance,
        completeness=resolution.share_of_fields(values),
        is_complete=resolution.required <= values.keys(),
        degraded=bool(resolution.unsettled),
        config_version=version,
    )


def _kept(earlier: GoldTrack, resolution: Resolution, only: frozenset[str]) -> list[str]:
    """The fields that stay as they were."""
    return [
        field
        for field, held in earlier.provenance.items()
        if (only and field not in only) or ((result := resolution.results.get(field)) and stays(held, result))
    ]


def _row(request_id: UUID, track_id: str, track: GoldTrack) -> dict[str, Any]:
    values = track.values
    return {
        **{name: values.get(name) for name in VALUE_FIELDS},
        "genres": values.get("genres", []),
        "camelot_key": camelot(values["musical_key"]) if "musical_key" in values else None,
        "track_id": track_id,
        "requested_artist": track.requested_artist,
        "requested_title": track.requested_title,
        "provider_ids": Jsonb(track.identifiers),
        "provenance": Jsonb({name: one.model_dump(mode="json") for name, one in track.provenance.items()}),
        "field_confidence": Jsonb({name: one.confidence for name, one in track.provenance.items()}),
        "completeness": track.completeness,
        "is_complete": track.is_complete,
        "degraded": track.degraded,
        "config_version": track.config_version,
        "request_id": request_id,
    }


async def _write_provenance(
    connection: Connection, request_id: UUID, track_id: str, track: GoldTrack, resolution: Resolution
) -> None:
    """Rows of the values of this request; those of values that stayed are left as they are."""
    await connection.execute(_FORGET, (track_id, list(track.values)))
    rows = [
        (
            *(track_id, field, one.provider, one.position, one.confidence, Jsonb(track.values[field])),
            *(one.response_id, request_id, one.config_version, one.degraded_by, one.found_at),
        )
        for field, one in track.provenance.items()
        if one is resolution.provenance.get(field)
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(_PROVENANCE, rows)

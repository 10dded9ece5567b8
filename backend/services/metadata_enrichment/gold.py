"""The Gold rows of a track, its quality score, and the providers' performance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.contracts.enrichment import EnrichRequest, FieldProvenance
from backend.services.metadata_enrichment.gathering import Gathered
from backend.services.metadata_enrichment.keys import camelot
from backend.services.metadata_enrichment.waterfall import Resolution

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

WINDOW_SECONDS = 60
"""Length of a window of `api_performance_metrics`."""

_COLUMNS = (
    "artist_name",
    "track_title",
    "album",
    "label",
    "isrc",
    "release_date",
    "duration_ms",
    "bpm",
    "musical_key",
    "genres",
    "artwork_url",
    "explicit",
    "popularity",
)
_READ = """
SELECT * FROM enriched_tracks WHERE track_id = %s
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_WRITE = f"""
INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, {", ".join(_COLUMNS)}, camelot_key,
    provider_ids, provenance, field_confidence, completeness, is_complete, degraded, config_version, request_id)
VALUES (%(track_id)s, %(requested_artist)s, %(requested_title)s, {", ".join(f"%({c})s" for c in _COLUMNS)},
    %(camelot_key)s, %(provider_ids)s, %(provenance)s, %(field_confidence)s, %(completeness)s, %(is_complete)s,
    %(degraded)s, %(config_version)s, %(request_id)s)
ON CONFLICT (track_id) DO UPDATE SET
    requested_artist = excluded.requested_artist, requested_title = excluded.requested_title,
    {", ".join(f"{c} = excluded.{c}" for c in _COLUMNS)}, camelot_key = excluded.camelot_key,
    provider_ids = excluded.provider_ids, provenance = excluded.provenance,
    field_confidence = excluded.field_confidence, completeness = excluded.completeness,
    is_complete = excluded.is_complete, degraded = excluded.degraded, config_version = excluded.config_version,
    request_id = excluded.request_id, enriched_at = clock_timestamp()
"""  # noqa: S608 - column names are ours
_PROVENANCE = """
INSERT INTO field_provenance AS held (track_id, field, provider, position, confidence, current_value,
    raw_response_id, request_id, config_version)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (track_id, field) DO UPDATE SET provider = excluded.provider, position = excluded.position,
    confidence = excluded.confidence, raw_response_id = excluded.raw_response_id,
    request_id = excluded.request_id, config_version = excluded.config_version,
    changes = held.changes + (held.current_value IS DISTINCT FROM excluded.current_value)::int,
    last_changed_at = CASE WHEN held.current_value IS DISTINCT FROM excluded.current_value
        THEN clock_timestamp() ELSE held.last_changed_at END,
    current_value = excluded.current_value
"""
_FORGET = "DELETE FROM field_provenance WHERE track_id = %s AND NOT field = ANY(%s)"
_QUALITY = """
INSERT INTO enrichment_quality_scores (request_id, track_id, completeness, mean_confidence, quality,
    required_fields, required_filled, sources, config_version)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

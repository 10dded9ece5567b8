-- Gold: the track as the product uses it, with where each value comes from, and how good the work was.

CREATE TABLE enriched_tracks (
    track_id text PRIMARY KEY,
    requested_artist text NOT NULL,
    requested_title text NOT NULL,
    artist_name text,
    track_title text,
    album text,
    label text,
    isrc text CHECK (isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'),
    release_date text CHECK (release_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
    duration_ms int CHECK (duration_ms > 0),
    bpm double precision CHECK (bpm BETWEEN 40 AND 220),
    musical_key text,
    camelot_key text CHECK (camelot_key ~ '^(1[0-2]|[1-9])[AB]$'),
    genres text[] NOT NULL DEFAULT '{}',
    artwork_url text,
    explicit boolean,
    popularity double precision CHECK (popularity BETWEEN 0 AND 1),
    provider_ids jsonb NOT NULL DEFAULT '{}',
    provenance jsonb NOT NULL DEFAULT '{}',
    field_confidence jsonb NOT NULL DEFAULT '{}',
    completeness double precision NOT NULL CHECK (completeness BETWEEN 0 AND 1),
    is_complete boolean NOT NULL,
    degraded boolean NOT NULL DEFAULT false,
    config_version int NOT NULL,
    request_id uuid NOT NULL REFERENCES enrichment_requests (id),
    enriched_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE enriched_tracks IS 'One row a track: the values, and for each one the provider and how sure it is.';
COMMENT ON COLUMN enriched_tracks.release_date IS 'ISO 8601 with the precision known: 2009, 2009-09 or 2009-09-22.';
COMMENT ON COLUMN enriched_tracks.completeness IS 'Share of the configured fields that have a value.';
COMMENT ON COLUMN enriched_tracks.is_complete IS 'Whether every field that the configuration requires for Gold has a value.';
COMMENT ON COLUMN enriched_tracks.degraded IS 'Whether a provider could not be asked, so that a better value may exist.';
CREATE INDEX enriched_tracks_enriched ON enriched_tracks (enriched_at);
CREATE INDEX enriched_tracks_isrc ON enriched_tracks (isrc);
CREATE INDEX enriched_tracks_request ON enriched_tracks (request_id);
CREATE INDEX enriched_tracks_degraded ON enriched_tracks (enriched_at) WHERE degraded;

CREATE TABLE api_performance_metrics (
    provider text NOT NULL,
    window_start timestamptz NOT NULL,
    window_seconds int NOT NULL CHECK (window_seconds > 0),
    calls int NOT NULL DEFAULT 0,
    answered int NOT NULL DEFAULT 0,
    not_found int NOT NULL DEFAULT 0,
    held_back int NOT NULL DEFAULT 0,
    failed int NOT NULL DEFAULT 0,
    matched int NOT NULL DEFAULT 0,
    values_used int NOT NULL DEFAULT 0,
    latency_ms_total double precision NOT NULL DEFAULT 0,
    latency_ms_max double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, window_start, window_seconds),
    CHECK (calls = answered + not_found + held_back + failed)
);
COMMENT ON TABLE api_performance_metrics IS 'What each provider did for enrichment, a row a provider and window.';
COMMENT ON COLUMN api_performance_metrics.held_back IS 'Calls not sent or not answered because of a limit, a breaker or missing credentials.';
CREATE INDEX api_performance_metrics_window ON api_performance_metrics (window_start);

CREATE TABLE enrichment_quality_scores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL UNIQUE REFERENCES enrichment_requests (id) ON DELETE CASCADE,
    track_id text NOT NULL,
    completeness double precision NOT NULL CHECK (completeness BETWEEN 0 AND 1),
    mean_confidence double precision CHECK (mean_confidence BETWEEN 0 AND 1),
    quality double precision NOT NULL CHECK (quality BETWEEN 0 AND 1),
    required_fields int NOT NULL CHECK (required_fields >= 0),
    required_filled int NOT NULL CHECK (required_filled BETWEEN 0 AND required_fields),
    sources int NOT NULL CHECK (sources >= 0),
    config_version int NOT NULL,
    scored_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE enrichment_quality_scores IS 'How complete and how sure the result of each enrichment was.';
COMMENT ON COLUMN enrichment_quality_scores.quality IS 'completeness times mean confidence; 0 when nothing was found.';
CREATE INDEX enrichment_quality_scores_track ON enrichment_quality_scores (track_id, scored_at);
CREATE INDEX enrichment_quality_scores_scored ON enrichment_quality_scores (scored_at);

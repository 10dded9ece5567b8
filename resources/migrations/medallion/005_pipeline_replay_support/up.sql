-- Lineage and replay: what a run over many tracks did, how each value came about, and what is to be done again.

CREATE TABLE enrichment_pipeline_runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    run_type text NOT NULL CHECK (run_type IN ('full', 'incremental', 'manual', 'replay', 'backfill')),
    run_status text NOT NULL DEFAULT 'running'
        CHECK (run_status IN ('running', 'completed', 'failed', 'partial', 'cancelled')),
    config_version int NOT NULL REFERENCES waterfall_config_versions (version),
    source_filter text[] NOT NULL DEFAULT '{}',
    received_from timestamptz,
    received_until timestamptz,
    total_tracks int NOT NULL DEFAULT 0 CHECK (total_tracks >= 0),
    successful_tracks int NOT NULL DEFAULT 0 CHECK (successful_tracks >= 0),
    failed_tracks int NOT NULL DEFAULT 0 CHECK (failed_tracks >= 0),
    skipped_tracks int NOT NULL DEFAULT 0 CHECK (skipped_tracks >= 0),
    api_calls int NOT NULL DEFAULT 0 CHECK (api_calls >= 0),
    error_summary jsonb NOT NULL DEFAULT '{}',
    triggered_by text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    duration_seconds double precision
        GENERATED ALWAYS AS (extract(epoch FROM (completed_at - started_at))) STORED,
    CHECK (successful_tracks + failed_tracks + skipped_tracks <= total_tracks),
    CHECK ((run_status = 'running') = (completed_at IS NULL)),
    CHECK (completed_at >= started_at),
    CHECK (received_until > received_from)
);
COMMENT ON TABLE enrichment_pipeline_runs IS 'Runs over many tracks; the configuration is named by version, which never changes.';
CREATE INDEX enrichment_pipeline_runs_started ON enrichment_pipeline_runs (started_at);
CREATE INDEX enrichment_pipeline_runs_config ON enrichment_pipeline_runs (config_version);

CREATE TABLE enrichment_transformations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES enrichment_requests (id) ON DELETE CASCADE,
    run_id uuid REFERENCES enrichment_pipeline_runs (id) ON DELETE SET NULL,
    track_id text NOT NULL,
    field text NOT NULL,
    position int NOT NULL CHECK (position >= 1),
    provider text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('used', 'below_threshold', 'no_value', 'invalid_value', 'no_match',
        'not_found', 'throttled', 'breaker_open', 'quota', 'credential', 'capability_gone', 'failure')),
    input_value jsonb,
    output_value jsonb,
    confidence double precision CHECK (confidence BETWEEN 0 AND 1),
    detail text NOT NULL DEFAULT '',
    happened_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((outcome = 'used') = (output_value IS NOT NULL))
);
COMMENT ON TABLE enrichment_transformations IS 'Every step of the waterfall for every field: what the source offered and what came of it.';
CREATE INDEX enrichment_transformations_request ON enrichment_transformations (request_id);
CREATE INDEX enrichment_transformations_run ON enrichment_transformations (run_id);
CREATE INDEX enrichment_transformations_track ON enrichment_transformations (track_id, field);

CREATE TABLE field_provenance (
    track_id text NOT NULL REFERENCES enriched_tracks (track_id) ON DELETE CASCADE,
    field text NOT NULL,
    provider text NOT NULL,
    position int NOT NULL CHECK (position >= 1),
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    current_value jsonb NOT NULL,
    raw_response_id uuid,
    request_id uuid NOT NULL REFERENCES enrichment_requests (id),
    config_version int NOT NULL REFERENCES waterfall_config_versions (version),
    changes int NOT NULL DEFAULT 0 CHECK (changes >= 0),
    first_set_at timestamptz NOT NULL DEFAULT now(),
    last_changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (track_id, field)
);
COMMENT ON TABLE field_provenance IS 'Where the value of each Gold field comes from now, and how often it has changed.';
CREATE INDEX field_provenance_provider ON field_provenance (provider, field);
CREATE INDEX field_provenance_request ON field_provenance (request_id);
CREATE INDEX field_provenance_config ON field_provenance (config_version);

CREATE TABLE pipeline_replay_queue (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    track_ids text[] NOT NULL CHECK (cardinality(track_ids) > 0),
    target_layer text NOT NULL CHECK (target_layer IN ('silver', 'gold')),
    fields text[] NOT NULL DEFAULT '{}',
    force_refresh boolean NOT NULL DEFAULT false,
    config_version int REFERENCES waterfall_config_versions (version),
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    assigned_run_id uuid REFERENCES enrichment_pipeline_runs (id) ON DELETE SET NULL,
    requested_by text NOT NULL,
    reason text NOT NULL,
    priority int NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
    CHECK (status <> 'queued' OR started_at IS NULL),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL))
);
COMMENT ON TABLE pipeline_replay_queue IS 'Tracks to be resolved again from Bronze; no config_version means the one in force.';
CREATE INDEX pipeline_replay_queue_waiting ON pipeline_replay_queue (priority, created_at) WHERE status = 'queued';
CREATE INDEX pipeline_replay_queue_run ON pipeline_replay_queue (assigned_run_id);
CREATE INDEX pipeline_replay_queue_config ON pipeline_replay_queue (config_version);

-- NULLS NOT DISTINCT: without it every day could have any number of whole-day rows (hour is null there).
CREATE TABLE data_quality_metrics (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_date date NOT NULL,
    metric_hour int CHECK (metric_hour BETWEEN 0 AND 23),
    data_layer text NOT NULL CHECK (data_layer IN ('bronze', 'silver', 'gold')),
    total_records bigint NOT NULL CHECK (total_records >= 0),
    complete_records bigint NOT NULL CHECK (complete_records >= 0),
    partial_records bigint NOT NULL CHECK (partial_records >= 0),
    failed_records bigint NOT NULL CHECK (failed_records >= 0),
    mean_completeness double precision CHECK (mean_completeness BETWEEN 0 AND 1),
    mean_confidence double precision CHECK (mean_confidence BETWEEN 0 AND 1),
    by_field jsonb NOT NULL DEFAULT '{}',
    by_provider jsonb NOT NULL DEFAULT '{}',
    measured_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (metric_date, metric_hour, data_layer),
    CHECK (complete_records + partial_records + failed_records <= total_records)
);
COMMENT ON TABLE data_quality_metrics IS 'Quality of a layer by hour, or by day where the hour is null.';

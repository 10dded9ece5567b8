-- Silver: requests with their course, provider answers in common terms, and the breakers' shared state.

CREATE TABLE enrichment_requests (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    track_id text NOT NULL,
    artist_name text NOT NULL,
    track_title text NOT NULL,
    status text NOT NULL DEFAULT 'in_progress'
        CHECK (status IN ('in_progress', 'completed', 'partial', 'cached', 'failed')),
    attempts int NOT NULL DEFAULT 1 CHECK (attempts >= 1),
    sources text[] NOT NULL DEFAULT '{}',
    errors text[] NOT NULL DEFAULT '{}',
    error_type text,
    dead_letter_id text,
    correlation_id text NOT NULL,
    raw_request_id uuid NOT NULL REFERENCES raw_track_enrichment_requests (id),
    source text NOT NULL,
    config_version int,
    received_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    duration_ms double precision CHECK (duration_ms >= 0),
    CHECK ((status = 'in_progress') = (finished_at IS NULL)),
    CHECK ((status = 'failed') = (error_type IS NOT NULL))
);
COMMENT ON TABLE enrichment_requests IS 'One row a request: what became of it.';
COMMENT ON COLUMN enrichment_requests.attempts IS 'Which attempt at this track this request was, from 1.';
CREATE INDEX enrichment_requests_track ON enrichment_requests (track_id, received_at);
CREATE INDEX enrichment_requests_finished ON enrichment_requests (finished_at);
CREATE INDEX enrichment_requests_raw_request ON enrichment_requests (raw_request_id);
CREATE INDEX enrichment_requests_unfinished ON enrichment_requests (received_at) WHERE status = 'in_progress';

CREATE TABLE api_responses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES enrichment_requests (id) ON DELETE CASCADE,
    track_id text NOT NULL,
    provider text NOT NULL,
    operation text NOT NULL CHECK (operation IN ('search', 'track')),
    outcome text NOT NULL,
    -- No foreign key: the gateway writes that row on its own, and a cached answer may refer to one
    -- that a restore of an older backup no longer has.
    raw_response_id uuid,
    provider_track_id text,
    candidate jsonb,
    match_probability double precision CHECK (match_probability BETWEEN 0 AND 1),
    match_features jsonb,
    chosen boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((candidate IS NULL) = (provider_track_id IS NULL)),
    CHECK (NOT chosen OR candidate IS NOT NULL)
);
COMMENT ON TABLE api_responses IS
    'One row a candidate a provider named, in common terms, with why it was or was not taken; one row without a candidate for a call that named none.';
CREATE INDEX api_responses_request ON api_responses (request_id);
CREATE INDEX api_responses_track ON api_responses (track_id, received_at);
CREATE INDEX api_responses_raw_response ON api_responses (raw_response_id);

CREATE TABLE circuit_breaker_state (
    provider text NOT NULL,
    endpoint text NOT NULL DEFAULT 'host',
    state text NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
    epoch bigint NOT NULL,
    reason text NOT NULL DEFAULT '',
    since timestamptz NOT NULL,
    retry_at timestamptz,
    control text NOT NULL DEFAULT 'automatic' CHECK (control IN ('automatic', 'forced_open', 'disabled', 'shadow')),
    control_author text NOT NULL DEFAULT '',
    control_reason text NOT NULL DEFAULT '',
    control_until timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, endpoint)
);
COMMENT ON TABLE circuit_breaker_state IS
    'The last state of each breaker. What operators force is kept in the operations database, which no rollback touches; here it is shown.';
COMMENT ON COLUMN circuit_breaker_state.endpoint IS 'Endpoint class, or host for the breaker above them.';

-- Bronze: what came in, byte for byte, and when. Rows are only ever added; the database refuses everything else.

CREATE FUNCTION bronze_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Bronze keeps what was received. Correct the derived rows in Silver or Gold instead.';
END;
$$;

CREATE TABLE raw_track_enrichment_requests (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    track_id text NOT NULL,
    artist_name text NOT NULL,
    track_title text NOT NULL,
    request jsonb NOT NULL,
    correlation_id text NOT NULL,
    source text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE raw_track_enrichment_requests IS 'Every enrichment request as it was received.';
COMMENT ON COLUMN raw_track_enrichment_requests.source IS 'How it came in: api, queue or replay.';
CREATE INDEX raw_track_enrichment_requests_track ON raw_track_enrichment_requests (track_id, received_at);
CREATE INDEX raw_track_enrichment_requests_received ON raw_track_enrichment_requests (received_at);

CREATE TABLE raw_api_responses (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider text NOT NULL,
    endpoint text NOT NULL,
    request_params jsonb NOT NULL DEFAULT '{}',
    response_status int,
    response_headers jsonb NOT NULL DEFAULT '{}',
    body bytea,
    outcome text NOT NULL,
    latency_ms double precision,
    correlation_id text,
    fetched_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE raw_api_responses IS 'Every provider response with its bytes unchanged; no status and no body when none arrived.';
-- With the outcome in it, the charts of calls and failures are read from the index alone.
CREATE INDEX raw_api_responses_provider ON raw_api_responses (provider, fetched_at) INCLUDE (outcome);
CREATE INDEX raw_api_responses_fetched ON raw_api_responses (fetched_at);
CREATE INDEX raw_api_responses_correlation ON raw_api_responses (correlation_id);

CREATE TABLE raw_circuit_breaker_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    endpoint text NOT NULL DEFAULT 'host',
    from_state text NOT NULL,
    to_state text NOT NULL,
    reason text NOT NULL DEFAULT '',
    epoch bigint NOT NULL,
    failure_count int NOT NULL DEFAULT 0,
    happened_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE raw_circuit_breaker_events IS 'Every change of state of a circuit breaker.';
COMMENT ON COLUMN raw_circuit_breaker_events.endpoint IS 'Endpoint class, or host for the breaker above them.';
CREATE INDEX raw_circuit_breaker_events_provider ON raw_circuit_breaker_events (provider, happened_at);

-- A statement trigger, so that even a change that would touch no row is refused, and TRUNCATE with it.
CREATE TRIGGER raw_track_enrichment_requests_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON raw_track_enrichment_requests
    FOR EACH STATEMENT EXECUTE FUNCTION bronze_refuse_change();
CREATE TRIGGER raw_api_responses_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON raw_api_responses
    FOR EACH STATEMENT EXECUTE FUNCTION bronze_refuse_change();
CREATE TRIGGER raw_circuit_breaker_events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON raw_circuit_breaker_events
    FOR EACH STATEMENT EXECUTE FUNCTION bronze_refuse_change();

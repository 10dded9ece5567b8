SELECT id, track_id, artist_name, track_title, request, correlation_id, source, received_at
FROM raw_track_enrichment_requests WHERE false;
SELECT id, provider, endpoint, request_params, response_status, response_headers, body, outcome, latency_ms,
       correlation_id, fetched_at
FROM raw_api_responses WHERE false;
SELECT id, provider, endpoint, from_state, to_state, reason, epoch, failure_count, happened_at
FROM raw_circuit_breaker_events WHERE false;

-- The refusal itself is tried, not the presence of a trigger.
DO $$
DECLARE
    change text;
    refused boolean;
BEGIN
    FOREACH change IN ARRAY ARRAY[
        'UPDATE raw_track_enrichment_requests SET track_id = track_id WHERE false',
        'DELETE FROM raw_track_enrichment_requests WHERE false',
        'UPDATE raw_api_responses SET provider = provider WHERE false',
        'DELETE FROM raw_api_responses WHERE false',
        'UPDATE raw_circuit_breaker_events SET provider = provider WHERE false',
        'DELETE FROM raw_circuit_breaker_events WHERE false'
    ]
    LOOP
        refused := false;
        BEGIN
            EXECUTE change;
        EXCEPTION WHEN restrict_violation THEN
            refused := true;
        END;
        IF NOT refused THEN
            RAISE EXCEPTION 'Bronze is not append-only, the database allowed: %', change;
        END IF;
    END LOOP;
    -- TRUNCATE (bit 32 of a trigger's type) is looked up: trying it would take an exclusive lock.
    IF (SELECT count(*) FROM pg_trigger
        WHERE tgfoid = 'bronze_refuse_change'::regproc AND tgtype & 32 = 32 AND tgenabled <> 'D') <> 3 THEN
        RAISE EXCEPTION 'Bronze is not append-only, the database allows TRUNCATE';
    END IF;
END;
$$;

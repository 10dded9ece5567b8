SELECT id, track_id, artist_name, track_title, status, attempts, sources, errors, error_type, dead_letter_id,
       correlation_id, raw_request_id, source, config_version, received_at, finished_at, duration_ms
FROM enrichment_requests WHERE false;
SELECT id, request_id, track_id, provider, operation, outcome, raw_response_id, provider_track_id, candidate,
       match_probability, match_features, chosen, received_at
FROM api_responses WHERE false;
SELECT provider, endpoint, state, epoch, reason, since, retry_at, control, control_author, control_reason,
       control_until, updated_at
FROM circuit_breaker_state WHERE false;

DO $$
BEGIN
    IF (SELECT data_type FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = 'enrichment_requests' AND column_name = 'track_id')
       IS DISTINCT FROM 'text' THEN
        RAISE EXCEPTION 'enrichment_requests.track_id is not text';
    END IF;
END;
$$;

SELECT id, run_type, run_status, config_version, total_tracks, duration_seconds FROM enrichment_pipeline_runs WHERE false;
SELECT id, request_id, run_id, track_id, field, position, provider, outcome, input_value, output_value, confidence
FROM enrichment_transformations WHERE false;
SELECT track_id, field, provider, position, confidence, current_value, raw_response_id, request_id, config_version, changes
FROM field_provenance WHERE false;
SELECT id, track_ids, target_layer, status, assigned_run_id, requested_by, reason FROM pipeline_replay_queue WHERE false;

-- The day's row must be unique although its hour is null.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_index
                   WHERE indrelid = 'data_quality_metrics'::regclass AND indisunique AND indnullsnotdistinct) THEN
        RAISE EXCEPTION 'data_quality_metrics allows several rows for one day and layer';
    END IF;
END;
$$;

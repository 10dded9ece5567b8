SELECT track_id, requested_artist, requested_title, artist_name, track_title, album, label, isrc, release_date,
       duration_ms, bpm, musical_key, camelot_key, genres, artwork_url, explicit, popularity, provider_ids,
       provenance, field_confidence, completeness, is_complete, degraded, config_version, request_id, enriched_at
FROM enriched_tracks WHERE false;
SELECT provider, window_start, window_seconds, calls, answered, not_found, held_back, failed, matched, values_used,
       latency_ms_total, latency_ms_max
FROM api_performance_metrics WHERE false;
SELECT id, request_id, track_id, completeness, mean_confidence, quality, required_fields, required_filled, sources,
       config_version, scored_at
FROM enrichment_quality_scores WHERE false;

DO $$
BEGIN
    IF (SELECT data_type FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = 'enriched_tracks' AND column_name = 'track_id')
       IS DISTINCT FROM 'text' THEN
        RAISE EXCEPTION 'enriched_tracks.track_id is not text';
    END IF;
END;
$$;

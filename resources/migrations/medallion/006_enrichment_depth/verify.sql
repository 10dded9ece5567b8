SELECT base_version FROM waterfall_config_versions WHERE false;
SELECT when_unavailable, on_disagreement, keep_days FROM waterfall_config_fields WHERE false;
SELECT message_id FROM enrichment_requests WHERE false;
SELECT request_id, provider, track_id, outcome, verdict, match_probability, calls, field_values, invalid_values,
    raw_response_id, lookup_response_id, lookup_fields, unasked_fields, received_at FROM source_evidence WHERE false;
SELECT request_id, track_id, field, policy, winner, winning_value, others FROM field_disagreements WHERE false;
SELECT degraded_by, found_at FROM field_provenance WHERE false;
SELECT energy, danceability, valence FROM enriched_tracks WHERE false;

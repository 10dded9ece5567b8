DROP TABLE raw_circuit_breaker_events;
DROP TABLE raw_api_responses;
DROP TABLE raw_track_enrichment_requests;
DROP FUNCTION bronze_refuse_change();

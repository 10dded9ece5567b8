DROP TABLE circuit_breaker_state;
DROP TABLE api_responses;
DROP TABLE enrichment_requests;

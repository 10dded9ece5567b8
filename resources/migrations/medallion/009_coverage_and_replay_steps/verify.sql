SELECT 1 / count(*) FROM pg_indexes
WHERE schemaname = current_schema() AND indexname = 'enrichment_requests_correlation';
SELECT run_id FROM enrichment_quality_scores WHERE false;
SELECT field, provider, given, confidence, degraded FROM field_coverage_changes WHERE false;
SELECT track_id FROM known_tracks WHERE false;
SELECT 1 / count(*) FROM pg_trigger WHERE tgname = 'field_provenance_added' AND tgrelid = 'field_provenance'::regclass;
SELECT 1 / count(*) FROM pg_trigger WHERE tgname = 'source_evidence_known' AND tgrelid = 'source_evidence'::regclass;

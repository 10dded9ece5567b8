DROP TRIGGER source_evidence_known ON source_evidence;
DROP TRIGGER enriched_tracks_known ON enriched_tracks;
DROP TRIGGER field_provenance_emptied ON field_provenance;
DROP TRIGGER field_provenance_gone ON field_provenance;
DROP TRIGGER field_provenance_changed ON field_provenance;
DROP TRIGGER field_provenance_added ON field_provenance;
DROP FUNCTION know_tracks();
DROP FUNCTION forget_field_coverage();
DROP FUNCTION count_field_coverage();
DROP FUNCTION sum_up_field_coverage();
DROP TABLE known_tracks;
DROP TABLE field_coverage_changes;

-- The earlier release knows one row a request: that of the enrichment.
DELETE FROM enrichment_quality_scores WHERE run_id IS NOT NULL;
DROP INDEX enrichment_quality_scores_run;
DROP INDEX enrichment_quality_scores_replay;
DROP INDEX enrichment_quality_scores_request;
ALTER TABLE enrichment_quality_scores DROP COLUMN run_id;
CREATE UNIQUE INDEX enrichment_quality_scores_request_id_key ON enrichment_quality_scores (request_id);
ALTER TABLE enrichment_quality_scores
    ADD CONSTRAINT enrichment_quality_scores_request_id_key UNIQUE USING INDEX enrichment_quality_scores_request_id_key;
DROP INDEX enrichment_requests_correlation;

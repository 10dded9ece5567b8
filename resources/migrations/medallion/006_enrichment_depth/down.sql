-- Versions that were in force stay; where ours is in force, the one that it replaced is again.
INSERT INTO waterfall_config_activations (version, activated_by, reason)
SELECT older.version, 'rollback of 006', 'the defaults of before'
FROM waterfall_config_in_force AS force
JOIN waterfall_config_versions AS ours USING (version)
JOIN waterfall_config_versions AS older ON older.created_by = 'migration 004'
WHERE ours.created_by = 'migration 006';

ALTER TABLE enriched_tracks DROP COLUMN valence, DROP COLUMN danceability, DROP COLUMN energy;
DROP INDEX field_provenance_degraded;
ALTER TABLE field_provenance DROP COLUMN found_at, DROP COLUMN degraded_by;

-- The older check knows fewer outcomes; rows with a newer one become the nearest it knows.
UPDATE enrichment_transformations SET outcome = CASE outcome
    WHEN 'agreed' THEN 'below_threshold' WHEN 'outvoted' THEN 'below_threshold'
    WHEN 'deferred' THEN 'below_threshold' WHEN 'unsure' THEN 'no_match' ELSE 'failure' END
WHERE outcome IN ('agreed', 'outvoted', 'deferred', 'unsure', 'bad_request', 'contract', 'empty_suspect', 'waited_for');
ALTER TABLE enrichment_transformations DROP CONSTRAINT enrichment_transformations_outcome_check;
ALTER TABLE enrichment_transformations ADD CONSTRAINT enrichment_transformations_outcome_check
    CHECK (outcome IN ('used', 'below_threshold', 'no_value', 'invalid_value', 'no_match',
        'not_found', 'throttled', 'breaker_open', 'quota', 'credential', 'capability_gone', 'failure'));

DROP TABLE field_disagreements;
DROP TABLE source_evidence;
ALTER TABLE enrichment_requests DROP COLUMN message_id;
ALTER TABLE waterfall_config_fields DROP COLUMN keep_days, DROP COLUMN on_disagreement, DROP COLUMN when_unavailable;
ALTER TABLE waterfall_config_versions DROP COLUMN base_version;

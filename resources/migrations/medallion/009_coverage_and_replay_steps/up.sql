-- Coverage of the waterfall's fields without reading all provenance, quality rows of promoted replays, and revisits
-- that find their requests by an index.

CREATE INDEX enrichment_requests_correlation ON enrichment_requests (correlation_id);

ALTER TABLE enrichment_quality_scores
    ADD COLUMN run_id uuid REFERENCES enrichment_pipeline_runs (id) ON DELETE CASCADE;
COMMENT ON COLUMN enrichment_quality_scores.run_id IS
    'The replay that resolved the stored answers of the request again; null for the enrichment itself.';
ALTER TABLE enrichment_quality_scores DROP CONSTRAINT enrichment_quality_scores_request_id_key;
CREATE UNIQUE INDEX enrichment_quality_scores_request ON enrichment_quality_scores (request_id) WHERE run_id IS NULL;
CREATE UNIQUE INDEX enrichment_quality_scores_replay ON enrichment_quality_scores (request_id, run_id)
    WHERE run_id IS NOT NULL;
CREATE INDEX enrichment_quality_scores_run ON enrichment_quality_scores (run_id);

CREATE TABLE field_coverage_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    field text NOT NULL,
    provider text NOT NULL,
    given bigint NOT NULL,
    confidence numeric NOT NULL,
    degraded bigint NOT NULL
);
COMMENT ON TABLE field_coverage_changes IS
    'What each writing of field_provenance added and took away; the sums are the coverage. Nobody waits for another here.';

CREATE TABLE known_tracks (track_id text PRIMARY KEY);
COMMENT ON TABLE known_tracks IS 'Every track with a row in Gold or with stored answers: what coverage is a share of.';

CREATE FUNCTION sum_up_field_coverage() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF pg_try_advisory_xact_lock(hashtextextended('field coverage', 3)) THEN
        WITH gone AS (DELETE FROM field_coverage_changes RETURNING *)
        INSERT INTO field_coverage_changes (field, provider, given, confidence, degraded)
        SELECT field, provider, sum(given), sum(confidence), sum(degraded) FROM gone
        GROUP BY field, provider HAVING sum(given) <> 0;
    END IF;
END;
$$;

-- Once in a while a writer sums up, so that there are never more than some thousand rows to read.
CREATE FUNCTION count_field_coverage() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO field_coverage_changes (field, provider, given, confidence, degraded)
        SELECT field, provider, count(*), sum(confidence::numeric), count(*) FILTER (WHERE degraded_by <> '{}')
        FROM added GROUP BY field, provider;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO field_coverage_changes (field, provider, given, confidence, degraded)
        SELECT field, provider, -count(*), -sum(confidence::numeric), -count(*) FILTER (WHERE degraded_by <> '{}')
        FROM gone GROUP BY field, provider;
    ELSE
        INSERT INTO field_coverage_changes (field, provider, given, confidence, degraded)
        SELECT field, provider, sum(sign), sum(sign * confidence::numeric),
            coalesce(sum(sign) FILTER (WHERE degraded_by <> '{}'), 0)
        FROM (SELECT 1 AS sign, added.* FROM added UNION ALL SELECT -1, gone.* FROM gone) AS change
        GROUP BY field, provider
        HAVING sum(sign) <> 0 OR sum(sign * confidence::numeric) <> 0
            OR coalesce(sum(sign) FILTER (WHERE degraded_by <> '{}'), 0) <> 0;
    END IF;
    IF random() < 0.001 THEN
        PERFORM sum_up_field_coverage();
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION forget_field_coverage() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM field_coverage_changes;
    RETURN NULL;
END;
$$;

CREATE FUNCTION know_tracks() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO known_tracks SELECT DISTINCT track_id FROM added ORDER BY track_id ON CONFLICT DO NOTHING;
    RETURN NULL;
END;
$$;

CREATE TRIGGER field_provenance_added AFTER INSERT ON field_provenance
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_field_coverage();
CREATE TRIGGER field_provenance_changed AFTER UPDATE ON field_provenance
    REFERENCING NEW TABLE AS added OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_field_coverage();
CREATE TRIGGER field_provenance_gone AFTER DELETE ON field_provenance
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_field_coverage();
CREATE TRIGGER field_provenance_emptied AFTER TRUNCATE ON field_provenance
    FOR EACH STATEMENT EXECUTE FUNCTION forget_field_coverage();
CREATE TRIGGER enriched_tracks_known AFTER INSERT ON enriched_tracks
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION know_tracks();
CREATE TRIGGER source_evidence_known AFTER INSERT ON source_evidence
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION know_tracks();

INSERT INTO field_coverage_changes (field, provider, given, confidence, degraded)
SELECT field, provider, count(*), sum(confidence::numeric), count(*) FILTER (WHERE degraded_by <> '{}')
FROM field_provenance GROUP BY field, provider;
INSERT INTO known_tracks SELECT track_id FROM enriched_tracks UNION SELECT track_id FROM source_evidence;

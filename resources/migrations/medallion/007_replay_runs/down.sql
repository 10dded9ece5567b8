-- Nobody goes on with them: how far they have come is forgotten here.
UPDATE enrichment_pipeline_runs SET run_status = 'cancelled', completed_at = clock_timestamp()
WHERE run_status = 'running' AND id IN (SELECT assigned_run_id FROM pipeline_replay_queue);
UPDATE pipeline_replay_queue SET status = 'cancelled', completed_at = clock_timestamp()
WHERE status IN ('queued', 'processing');

DROP TABLE replay_differences;
DROP TABLE replay_progress;

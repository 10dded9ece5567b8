DROP TABLE data_quality_metrics;
DROP TABLE pipeline_replay_queue;
DROP TABLE field_provenance;
DROP TABLE enrichment_transformations;
DROP TABLE enrichment_pipeline_runs;

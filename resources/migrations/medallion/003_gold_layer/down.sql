DROP TABLE enrichment_quality_scores;
DROP TABLE api_performance_metrics;
DROP TABLE enriched_tracks;

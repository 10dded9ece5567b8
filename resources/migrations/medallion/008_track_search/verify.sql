SELECT 1 / count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname = 'enrichment_requests_words';
SELECT 1 / count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname = 'enrichment_requests_received';
SELECT similarity('words', 'words');

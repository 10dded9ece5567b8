SELECT 1 / count(*) FROM pg_indexes WHERE schemaname = 'dead_letters' AND indexname = 'messages_words';
SELECT 1 / count(*) FROM pg_indexes WHERE schemaname = 'dead_letters' AND indexname = 'messages_operation';

SELECT 1 / count(*) FROM information_schema.columns
WHERE table_schema = 'dead_letters' AND table_name = 'outbox' AND column_name = 'handed_at';
SELECT count(*) FROM dead_letters.intake_marks;
SELECT count(*) FROM dead_letters.intake_suspects;
SELECT count(*) FROM dead_letters.exports;
SELECT 1 / count(*) FROM pg_indexes WHERE schemaname = 'dead_letters' AND indexname = 'messages_bouncing';

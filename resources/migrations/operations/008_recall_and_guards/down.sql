DROP INDEX dead_letters.messages_without_id;
DROP INDEX dead_letters.messages_bouncing;
DROP TABLE dead_letters.exports;
DROP TABLE dead_letters.intake_suspects;
DROP TABLE dead_letters.intake_marks;
ALTER TABLE dead_letters.outbox DROP COLUMN revision_before, DROP COLUMN handed_at;

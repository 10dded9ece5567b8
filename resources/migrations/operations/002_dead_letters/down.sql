DROP TABLE dead_letters.audit;
DROP TABLE dead_letters.outbox;
DROP TABLE dead_letters.attempts;
DROP TABLE dead_letters.payloads;
DROP TABLE dead_letters.messages;
DROP FUNCTION dead_letters.check_transition();
DROP FUNCTION dead_letters.refuse_change();
DROP SCHEMA dead_letters;

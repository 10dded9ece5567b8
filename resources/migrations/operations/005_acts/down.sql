DROP INDEX dead_letters.operations_to_remember;
ALTER TABLE dead_letters.operations DROP COLUMN remembered_at;
DROP INDEX dead_letters.messages_retention;
DROP TABLE dead_letters.request_keys;

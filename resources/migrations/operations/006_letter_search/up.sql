-- Finding dead letters by any part of artist, title, error or id. pg_trgm comes with PostgreSQL and may be created by
-- the database's owner.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE INDEX messages_words ON dead_letters.messages USING gin ((
    coalesce(artist, '') || ' ' || coalesce(title, '') || ' ' || error_message || ' ' || message_id
) gin_trgm_ops);
CREATE INDEX messages_operation ON dead_letters.messages (operation_id) WHERE operation_id IS NOT NULL;
CREATE INDEX outbox_sent ON dead_letters.outbox (id) WHERE finished_at IS NOT NULL AND error = '';
CREATE INDEX operation_items_ended ON dead_letters.operation_items (operation_id, changed_at DESC)
    WHERE outcome IN ('returned', 'resolved');
CREATE INDEX operation_items_canary ON dead_letters.operation_items (operation_id, position) WHERE is_canary;
CREATE INDEX attempts_bounced ON dead_letters.attempts (fingerprint) WHERE generation >= 2;

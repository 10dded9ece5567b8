-- What operators do to letters: repeated requests recognised, retention found by an index, outcomes remembered.

CREATE TABLE dead_letters.request_keys (
    key text PRIMARY KEY CHECK (key <> ''),
    digest bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters.request_keys IS
    'Idempotency keys of requests that were done, written with what they did: a repetition does nothing.';
COMMENT ON COLUMN dead_letters.request_keys.digest IS 'Of the request, so that a key used for another one is refused.';
CREATE INDEX request_keys_age ON dead_letters.request_keys (made_at);

CREATE INDEX messages_retention ON dead_letters.messages (state, changed_at)
    WHERE state IN ('resolved', 'discarded');

ALTER TABLE dead_letters.operations ADD COLUMN remembered_at timestamptz;
COMMENT ON COLUMN dead_letters.operations.remembered_at IS
    'When its outcome was written to the notes of the causes it acted on; null: not yet.';
CREATE INDEX operations_to_remember ON dead_letters.operations (finished_at)
    WHERE finished_at IS NOT NULL AND remembered_at IS NULL;

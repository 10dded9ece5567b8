-- What a pause or a cancellation can still take back, messages on which a manager died, exports that are audited, and
-- indexes for letters that bounce and for messages without an id.

ALTER TABLE dead_letters.outbox ADD COLUMN handed_at timestamptz, ADD COLUMN revision_before int;
COMMENT ON COLUMN dead_letters.outbox.handed_at IS
    'Since when the broker may have it: written before it is published. Null: it can be recalled.';
COMMENT ON COLUMN dead_letters.outbox.revision_before IS
    'Which revision was chosen before the one that is sent was made; a recall goes back to it.';
-- The release before published without a word before: nobody knows of these.
UPDATE dead_letters.outbox SET handed_at = requested_at WHERE finished_at IS NULL;

CREATE TABLE dead_letters.intake_marks (
    consumer uuid PRIMARY KEY,
    digests bytea[] NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dead_letters.intake_marks IS
    'What each manager is taking in: written before it looks at the messages, so that one that kills it is found.';

CREATE TABLE dead_letters.intake_suspects (
    digest bytea PRIMARY KEY,
    deaths int NOT NULL CHECK (deaths >= 1),
    alone int NOT NULL DEFAULT 0 CHECK (alone >= 0),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dead_letters.intake_suspects IS 'Messages that a manager was taking in when it died.';
COMMENT ON COLUMN dead_letters.intake_suspects.deaths IS 'How often one died with it in hand, others beside it.';
COMMENT ON COLUMN dead_letters.intake_suspects.alone IS 'How often one died with nothing but it in hand.';

CREATE TABLE dead_letters.exports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text NOT NULL CHECK (actor <> ''),
    selection jsonb NOT NULL,
    letters int NOT NULL,
    masked int NOT NULL,
    bytes bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters.exports IS 'Who took which letters away as a bundle; written before the bundle is given out.';
CREATE TRIGGER exports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.exports
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();

CREATE INDEX messages_bouncing ON dead_letters.messages (fingerprint)
    WHERE retry_count >= 2 AND state NOT IN ('resolved', 'discarded', 'purged');
CREATE INDEX messages_without_id ON dead_letters.messages (received_at) WHERE message_id LIKE 'without-id-%';

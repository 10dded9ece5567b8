-- Dead letters: every failed message with its bytes, its failures and everything that was done about it.
-- A message is never deleted; its state changes only along the arrows below, and each change is audited.

CREATE SCHEMA dead_letters;

CREATE TABLE dead_letters.messages (
    message_id text PRIMARY KEY,
    state text NOT NULL DEFAULT 'failed'
        CHECK (state IN ('failed', 'publishing', 'in_flight', 'resolved', 'quarantined', 'discarded')),
    version int NOT NULL DEFAULT 1,
    generation int NOT NULL DEFAULT 0 CHECK (generation >= 0),
    retry_count int NOT NULL DEFAULT 0 CHECK (retry_count >= 0),
    routing_key text NOT NULL,
    correlation_id text,
    source_service text NOT NULL,
    provider text,
    error_type text NOT NULL,
    error_message text NOT NULL,
    stack_trace text,
    fingerprint text NOT NULL,
    fingerprint_version int NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT '',
    proof jsonb,
    first_failed_at timestamptz NOT NULL,
    failed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'resolved') = (proof IS NOT NULL)),
    CHECK (state NOT IN ('quarantined', 'discarded') OR reason <> ''),
    CHECK (state NOT IN ('publishing', 'in_flight') OR generation >= 1),
    CHECK (failed_at >= first_failed_at)
);
COMMENT ON TABLE dead_letters.messages IS 'One row a failed message.';
COMMENT ON COLUMN dead_letters.messages.generation IS 'How often it was sent again; an outcome of an older generation is recorded, not applied.';
COMMENT ON COLUMN dead_letters.messages.proof IS 'What shows that it is resolved: the success event of the enrichment service.';
COMMENT ON COLUMN dead_letters.messages.reason IS 'Why it was quarantined or discarded.';
CREATE INDEX messages_newest ON dead_letters.messages (failed_at DESC, message_id DESC);
CREATE INDEX messages_state_newest ON dead_letters.messages (state, failed_at DESC, message_id DESC);
CREATE INDEX messages_fingerprint ON dead_letters.messages (fingerprint, failed_at DESC);

CREATE TABLE dead_letters.payloads (
    message_id text PRIMARY KEY REFERENCES dead_letters.messages (message_id),
    body bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (sha256 = sha256(body)),
    content_type text NOT NULL,
    headers jsonb NOT NULL
);
COMMENT ON TABLE dead_letters.payloads IS 'The original bytes and headers; never changed.';

CREATE TABLE dead_letters.attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL REFERENCES dead_letters.messages (message_id),
    generation int NOT NULL CHECK (generation >= 0),
    error_type text NOT NULL,
    error_message text NOT NULL,
    stack_trace text,
    provider text,
    fingerprint text NOT NULL,
    failed_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    -- The same failure delivered twice is one attempt.
    UNIQUE (message_id, generation)
);
COMMENT ON TABLE dead_letters.attempts IS 'Every failure of a message, the first one with generation 0.';

CREATE TABLE dead_letters.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL REFERENCES dead_letters.messages (message_id),
    generation int NOT NULL CHECK (generation >= 1),
    operation_id uuid NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    error text NOT NULL DEFAULT '',
    UNIQUE (message_id, generation),
    CHECK (error = '' OR finished_at IS NOT NULL)
);
COMMENT ON TABLE dead_letters.outbox IS 'The intent to send a message again, durable before anything is sent.';
COMMENT ON COLUMN dead_letters.outbox.error IS 'Why the broker refused it; empty when it confirmed.';
CREATE UNIQUE INDEX outbox_one_intent ON dead_letters.outbox (message_id) WHERE finished_at IS NULL;
CREATE INDEX outbox_unfinished ON dead_letters.outbox (id) WHERE finished_at IS NULL;

CREATE TABLE dead_letters.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL REFERENCES dead_letters.messages (message_id),
    action text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL DEFAULT '',
    operation_id uuid,
    from_state text,
    to_state text NOT NULL,
    version int NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters.audit IS 'Who did what to a message, written in the transaction that did it.';
CREATE INDEX audit_message ON dead_letters.audit (message_id, id);

CREATE FUNCTION dead_letters.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'dead_letters.%: % is refused, dead letters and their history are kept', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE FUNCTION dead_letters.check_transition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 OR NEW.generation < OLD.generation THEN
        RAISE EXCEPTION 'dead letter %: version % cannot follow version %', OLD.message_id, NEW.version, OLD.version
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('failed', 'publishing'), ('failed', 'quarantined'), ('failed', 'discarded'),
        ('publishing', 'in_flight'), ('publishing', 'failed'), ('publishing', 'resolved'),
        ('in_flight', 'failed'), ('in_flight', 'resolved'), ('in_flight', 'quarantined'),
        ('publishing', 'quarantined'), ('resolved', 'failed'),
        ('quarantined', 'failed'), ('quarantined', 'discarded'),
        ('discarded', 'failed'), ('discarded', 'quarantined')
    ) THEN
        RAISE EXCEPTION 'dead letter %: % cannot become %', OLD.message_id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER messages_transition BEFORE UPDATE ON dead_letters.messages
    FOR EACH ROW EXECUTE FUNCTION dead_letters.check_transition();
CREATE TRIGGER messages_kept BEFORE DELETE OR TRUNCATE ON dead_letters.messages
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER payloads_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.payloads
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER attempts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.attempts
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.audit
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER outbox_kept BEFORE DELETE OR TRUNCATE ON dead_letters.outbox
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();

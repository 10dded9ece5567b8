-- Dead letters to full depth: operations with frozen membership, revisions, causes, tallies that are kept up to date,
-- the times in which something was known to be wrong, and purging by retention alone. Only adds: a manager of the
-- release before goes on working, and its rows are tallied all the same.

-- The letters themselves -------------------------------------------------------------------------------------------

ALTER TABLE dead_letters.messages
    ADD COLUMN outcome_class text,
    ADD COLUMN place text NOT NULL DEFAULT '',
    ADD COLUMN trace_id text,
    ADD COLUMN artist text,
    ADD COLUMN title text,
    ADD COLUMN business_key text,
    ADD COLUMN operation_id uuid,
    ADD COLUMN revision int,
    ADD COLUMN lease_until timestamptz,
    ADD COLUMN scheduled_for timestamptz,
    ADD COLUMN owner text,
    ADD COLUMN note text NOT NULL DEFAULT '',
    ADD COLUMN priority int NOT NULL DEFAULT 0,
    ADD COLUMN labels text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN dead_letters.messages.outcome_class IS 'What the provider did, in the gateway''s classes; null when none is to blame.';
COMMENT ON COLUMN dead_letters.messages.place IS 'Where in the source service it failed.';
COMMENT ON COLUMN dead_letters.messages.business_key IS 'Equal for messages that a later success makes superfluous: the track it is about.';
COMMENT ON COLUMN dead_letters.messages.operation_id IS 'The operation that holds it, or sent it last.';
COMMENT ON COLUMN dead_letters.messages.revision IS 'Which revision is sent; null: the original bytes.';
COMMENT ON COLUMN dead_letters.messages.lease_until IS 'While claimed: when the claim lapses and it is failed again.';

ALTER TABLE dead_letters.messages DROP CONSTRAINT messages_state_check;
ALTER TABLE dead_letters.messages ADD CONSTRAINT messages_state_check CHECK (state IN (
    'failed', 'scheduled', 'claimed', 'publishing', 'in_flight', 'resolved', 'quarantined', 'discarded', 'purged'
));
ALTER TABLE dead_letters.messages ADD CONSTRAINT messages_claim_has_lease
    CHECK (state <> 'claimed' OR (lease_until IS NOT NULL AND operation_id IS NOT NULL));
ALTER TABLE dead_letters.messages ADD CONSTRAINT messages_schedule_has_time
    CHECK (state <> 'scheduled' OR (scheduled_for IS NOT NULL AND operation_id IS NOT NULL));

CREATE OR REPLACE FUNCTION dead_letters.check_transition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 OR NEW.generation < OLD.generation THEN
        RAISE EXCEPTION 'dead letter %: version % cannot follow version %', OLD.message_id, NEW.version, OLD.version
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('failed', 'publishing'), ('failed', 'quarantined'), ('failed', 'discarded'),
        ('failed', 'scheduled'), ('failed', 'claimed'),
        ('scheduled', 'claimed'), ('scheduled', 'failed'),
        ('claimed', 'failed'), ('claimed', 'publishing'),
        ('publishing', 'in_flight'), ('publishing', 'failed'), ('publishing', 'resolved'),
        ('in_flight', 'failed'), ('in_flight', 'resolved'), ('in_flight', 'quarantined'),
        ('publishing', 'quarantined'), ('resolved', 'failed'),
        ('quarantined', 'failed'), ('quarantined', 'discarded'),
        ('discarded', 'failed'), ('discarded', 'quarantined'),
        ('resolved', 'purged'), ('discarded', 'purged')
    ) THEN
        RAISE EXCEPTION 'dead letter %: % cannot become %', OLD.message_id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE INDEX messages_open_newest ON dead_letters.messages (failed_at DESC, message_id DESC)
    WHERE state NOT IN ('resolved', 'discarded', 'purged');
CREATE INDEX messages_open_cause ON dead_letters.messages (fingerprint, failed_at DESC, message_id DESC)
    WHERE state NOT IN ('resolved', 'discarded', 'purged');
CREATE INDEX messages_open_business ON dead_letters.messages (business_key)
    WHERE state NOT IN ('resolved', 'discarded', 'purged');
CREATE INDEX messages_leased ON dead_letters.messages (lease_until) WHERE state = 'claimed';
CREATE INDEX messages_due ON dead_letters.messages (scheduled_for) WHERE state = 'scheduled';

ALTER TABLE dead_letters.attempts
    ADD COLUMN outcome_class text,
    ADD COLUMN place text NOT NULL DEFAULT '',
    ADD COLUMN operation_id uuid;

-- Edits: the original bytes never change, what is sent instead is a revision ------------------------------------------

CREATE TABLE dead_letters.revisions (
    message_id text NOT NULL REFERENCES dead_letters.messages (message_id),
    number int NOT NULL CHECK (number >= 1),
    body bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (sha256 = sha256(body)),
    patch jsonb,
    author text NOT NULL CHECK (author <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    operation_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, number)
);
COMMENT ON TABLE dead_letters.revisions IS 'Edited payloads, numbered from 1; each replaces the one before for the next sending.';
COMMENT ON COLUMN dead_letters.revisions.patch IS 'The JSON Patch that made it; null when it was typed.';

ALTER TABLE dead_letters.outbox ADD COLUMN revision int;
COMMENT ON COLUMN dead_letters.outbox.revision IS 'Which revision is sent; null: the original bytes.';

-- Operations ----------------------------------------------------------------------------------------------------------

CREATE TABLE dead_letters.operations (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('retry', 'patch', 'discard', 'undo', 'quarantine', 'release', 'resolve')),
    state text NOT NULL DEFAULT 'frozen' CHECK (state IN (
        'frozen', 'scheduled', 'canary', 'deciding', 'running', 'paused', 'completed', 'cancelled', 'failed'
    )),
    version int NOT NULL DEFAULT 1,
    selection jsonb NOT NULL,
    title text NOT NULL,
    options jsonb NOT NULL,
    author text NOT NULL CHECK (author <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    total int NOT NULL CHECK (total >= 0),
    state_reason text NOT NULL DEFAULT '',
    undoes uuid REFERENCES dead_letters.operations (id),
    lease uuid,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CHECK ((lease IS NULL) = (lease_until IS NULL)),
    CHECK ((kind = 'undo') = (undoes IS NOT NULL)),
    CHECK ((state IN ('completed', 'cancelled', 'failed')) = (finished_at IS NOT NULL))
);
COMMENT ON TABLE dead_letters.operations IS 'What operators do to many dead letters at once; everything needed to go on after a restart.';
COMMENT ON COLUMN dead_letters.operations.selection IS 'The predicate that was counted; the members are in operation_items and never change.';
COMMENT ON COLUMN dead_letters.operations.options IS 'Pace, canary, tripwire, patch, condition to wait for: OperationOptions.';
COMMENT ON COLUMN dead_letters.operations.state_reason IS 'Why it is paused, cancelled or failed.';
COMMENT ON COLUMN dead_letters.operations.lease IS 'Of the replica that works on it; after lease_until any replica goes on where it stands.';
CREATE INDEX operations_newest ON dead_letters.operations (created_at DESC);
CREATE INDEX operations_unfinished ON dead_letters.operations (created_at) WHERE finished_at IS NULL;
CREATE INDEX operations_undoes ON dead_letters.operations (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE dead_letters.operation_items (
    operation_id uuid NOT NULL REFERENCES dead_letters.operations (id),
    position int NOT NULL CHECK (position >= 1),
    message_id text NOT NULL REFERENCES dead_letters.messages (message_id),
    is_canary boolean NOT NULL DEFAULT false,
    outcome text NOT NULL DEFAULT 'pending' CHECK (outcome IN (
        'pending', 'claimed', 'sent', 'returned', 'resolved', 'done', 'skipped', 'cancelled'
    )),
    detail text NOT NULL DEFAULT '',
    generation int,
    fingerprint text,
    state_before text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (operation_id, position),
    UNIQUE (operation_id, message_id)
);
COMMENT ON TABLE dead_letters.operation_items IS 'The frozen members of an operation, each with what became of it.';
COMMENT ON COLUMN dead_letters.operation_items.outcome IS
    'sent: confirmed by the broker, outcome unknown. done: the change of a kind that sends nothing.';
COMMENT ON COLUMN dead_letters.operation_items.detail IS 'Why it was skipped, or how it failed again.';
COMMENT ON COLUMN dead_letters.operation_items.fingerprint IS 'Of the failure with which it returned.';
COMMENT ON COLUMN dead_letters.operation_items.state_before IS 'What an undo restores.';
CREATE INDEX operation_items_message ON dead_letters.operation_items (message_id);
CREATE INDEX operation_items_open ON dead_letters.operation_items (operation_id, position)
    WHERE outcome IN ('pending', 'claimed', 'sent');

CREATE TABLE dead_letters.operation_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operation_id uuid NOT NULL REFERENCES dead_letters.operations (id),
    action text NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    reason text NOT NULL DEFAULT '',
    to_state text NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters.operation_audit IS 'Who started, paused, changed or ended an operation, in the transaction that did it.';
CREATE INDEX operation_audit_operation ON dead_letters.operation_audit (operation_id, id);

-- Causes: what is known of a fingerprint, and what people wrote about it ----------------------------------------------

CREATE TABLE dead_letters.causes (
    fingerprint text PRIMARY KEY,
    fingerprint_version int NOT NULL,
    provider text,
    outcome_class text,
    error_type text NOT NULL,
    place text NOT NULL DEFAULT '',
    source_service text NOT NULL,
    sample_message text NOT NULL,
    first_seen timestamptz NOT NULL
);
COMMENT ON TABLE dead_letters.causes IS 'One row a fingerprint that was ever seen; written with its first failure.';

CREATE TABLE dead_letters.cause_notes (
    fingerprint text PRIMARY KEY,
    version int NOT NULL DEFAULT 1,
    owner text,
    note text NOT NULL DEFAULT '',
    runbook text NOT NULL DEFAULT '',
    last_outcome jsonb,
    changed_by text NOT NULL CHECK (changed_by <> ''),
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters.cause_notes IS 'Stays with the fingerprint, also when it comes back after all its letters were resolved.';
COMMENT ON COLUMN dead_letters.cause_notes.last_outcome IS 'How the last operation on it ended: resolved of sent, when, by whom.';

CREATE TABLE dead_letters.cause_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint text NOT NULL,
    actor text NOT NULL,
    before jsonb,
    after jsonb NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX cause_audit_fingerprint ON dead_letters.cause_audit (fingerprint, id);

-- Times in which something was known to be wrong: breaker open, quota used up, a deployment ----------------------------

CREATE TABLE dead_letters.intervals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('breaker_open', 'quota', 'deployment')),
    subject text NOT NULL,
    source_key text NOT NULL UNIQUE,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    detail text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK (ended_at >= started_at)
);
COMMENT ON TABLE dead_letters.intervals IS 'What failures are correlated with; an end of null means that it lasts.';
COMMENT ON COLUMN dead_letters.intervals.subject IS 'The provider; for a deployment the environment.';
COMMENT ON COLUMN dead_letters.intervals.source_key IS 'Names the interval at its source, so that it is recorded once.';
CREATE INDEX intervals_time ON dead_letters.intervals (started_at, ended_at);

-- Tallies: deltas are appended in the transaction of the change and folded later, so nobody waits for a hot row ---------

CREATE TABLE dead_letters.deltas (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint text NOT NULL,
    state text NOT NULL,
    minute timestamptz NOT NULL,
    change bigint NOT NULL,
    latest timestamptz
);
COMMENT ON TABLE dead_letters.deltas IS 'Changes of the tallies that are not folded yet; the truth is tally plus deltas.';

CREATE TABLE dead_letters.cause_tally (
    fingerprint text NOT NULL,
    state text NOT NULL,
    count bigint NOT NULL,
    last_failed_at timestamptz,
    PRIMARY KEY (fingerprint, state)
);
CREATE TABLE dead_letters.minute_tally (
    minute timestamptz NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (minute, fingerprint, state)
);
CREATE INDEX minute_tally_cause ON dead_letters.minute_tally (fingerprint, minute);
CREATE INDEX minute_tally_empty ON dead_letters.minute_tally (minute) WHERE count = 0;
CREATE TABLE dead_letters.hour_tally (
    hour timestamptz NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (hour, fingerprint, state)
);
CREATE INDEX hour_tally_empty ON dead_letters.hour_tally (hour) WHERE count = 0;
COMMENT ON TABLE dead_letters.cause_tally IS 'Letters by fingerprint and state.';
COMMENT ON TABLE dead_letters.minute_tally IS 'Letters by the minute in which they failed last.';
COMMENT ON TABLE dead_letters.hour_tally IS 'Letters by the hour in which they failed last, for long spans.';

CREATE TABLE dead_letters.receipts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    count bigint NOT NULL
);
COMMENT ON TABLE dead_letters.receipts IS
    'How many letters were ever taken in: the sum. Counted with their bytes, apart from the states they go through.';

CREATE FUNCTION dead_letters.tally_new() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dead_letters.causes (fingerprint, fingerprint_version, provider, outcome_class, error_type, place,
        source_service, sample_message, first_seen)
    SELECT DISTINCT ON (fingerprint) fingerprint, fingerprint_version, provider, outcome_class, error_type, place,
        source_service, error_message, first_failed_at
    FROM new_rows AS n
    WHERE NOT EXISTS (SELECT 1 FROM dead_letters.causes AS c WHERE c.fingerprint = n.fingerprint)
    ORDER BY fingerprint, first_failed_at
    ON CONFLICT (fingerprint) DO NOTHING;
    INSERT INTO dead_letters.deltas (fingerprint, state, minute, change, latest)
    SELECT fingerprint, state, date_trunc('minute', failed_at), count(*), max(failed_at)
    FROM new_rows GROUP BY 1, 2, 3;
    RETURN NULL;
END;
$$;

CREATE FUNCTION dead_letters.tally_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dead_letters.causes (fingerprint, fingerprint_version, provider, outcome_class, error_type, place,
        source_service, sample_message, first_seen)
    SELECT DISTINCT ON (fingerprint) fingerprint, fingerprint_version, provider, outcome_class, error_type, place,
        source_service, error_message, failed_at
    FROM new_rows AS n
    WHERE NOT EXISTS (SELECT 1 FROM dead_letters.causes AS c WHERE c.fingerprint = n.fingerprint)
    ORDER BY fingerprint, failed_at
    ON CONFLICT (fingerprint) DO NOTHING;
    INSERT INTO dead_letters.deltas (fingerprint, state, minute, change, latest)
    SELECT fingerprint, state, minute, sum(change), max(latest)
    FROM (
        SELECT fingerprint, state, date_trunc('minute', failed_at) AS minute, 1 AS change, failed_at AS latest
        FROM new_rows
        UNION ALL
        SELECT fingerprint, state, date_trunc('minute', failed_at), -1, NULL FROM old_rows
    ) AS moved
    GROUP BY 1, 2, 3 HAVING sum(change) <> 0;
    RETURN NULL;
END;
$$;

CREATE FUNCTION dead_letters.count_received() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dead_letters.receipts (count) SELECT count(*) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END;
$$;

CREATE FUNCTION dead_letters.fold(at_most int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    folded bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('dead_letters.fold')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM dead_letters.deltas
        WHERE id IN (SELECT id FROM dead_letters.deltas ORDER BY id LIMIT at_most)
        RETURNING fingerprint, state, minute, change, latest
    ), by_cause AS (
        INSERT INTO dead_letters.cause_tally AS t (fingerprint, state, count, last_failed_at)
        SELECT fingerprint, state, sum(change), max(latest) FROM taken GROUP BY 1, 2
        ON CONFLICT (fingerprint, state) DO UPDATE SET count = t.count + excluded.count,
            last_failed_at = greatest(t.last_failed_at, excluded.last_failed_at)
    ), by_minute AS (
        INSERT INTO dead_letters.minute_tally AS t (minute, fingerprint, state, count)
        SELECT minute, fingerprint, state, sum(change) FROM taken GROUP BY 1, 2, 3
        ON CONFLICT (minute, fingerprint, state) DO UPDATE SET count = t.count + excluded.count
    ), by_hour AS (
        INSERT INTO dead_letters.hour_tally AS t (hour, fingerprint, state, count)
        SELECT date_trunc('hour', minute), fingerprint, state, sum(change) FROM taken GROUP BY 1, 2, 3
        ON CONFLICT (hour, fingerprint, state) DO UPDATE SET count = t.count + excluded.count
    )
    SELECT count(*) INTO folded FROM taken;
    DELETE FROM dead_letters.minute_tally WHERE count = 0;
    DELETE FROM dead_letters.hour_tally WHERE count = 0;
    WITH taken AS (DELETE FROM dead_letters.receipts RETURNING count)
    INSERT INTO dead_letters.receipts (count) SELECT sum(count) FROM taken HAVING count(*) > 0;
    RETURN folded;
END;
$$;
COMMENT ON FUNCTION dead_letters.fold(int) IS 'Moves deltas into the tallies; how many. 0 also when another session is at it.';

INSERT INTO dead_letters.causes (fingerprint, fingerprint_version, provider, error_type, source_service, sample_message,
    first_seen)
SELECT DISTINCT ON (fingerprint) fingerprint, fingerprint_version, provider, error_type, source_service, error_message,
    first_failed_at
FROM dead_letters.messages ORDER BY fingerprint, first_failed_at;
INSERT INTO dead_letters.deltas (fingerprint, state, minute, change, latest)
SELECT fingerprint, state, date_trunc('minute', failed_at), count(*), max(failed_at)
FROM dead_letters.messages GROUP BY 1, 2, 3;
INSERT INTO dead_letters.receipts (count) SELECT count(*) FROM dead_letters.payloads;

CREATE TRIGGER messages_tally_new AFTER INSERT ON dead_letters.messages
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.tally_new();
CREATE TRIGGER messages_tally_changed AFTER UPDATE ON dead_letters.messages
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.tally_changed();
CREATE TRIGGER payloads_counted AFTER INSERT ON dead_letters.payloads
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.count_received();

-- Purging: by retention, from resolved or discarded alone, and never without a tombstone --------------------------------

CREATE TABLE dead_letters.tombstones (
    message_id text PRIMARY KEY REFERENCES dead_letters.messages (message_id),
    state_before text NOT NULL,
    sha256 bytea NOT NULL,
    bytes bigint NOT NULL,
    proof jsonb,
    actor text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    purged_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters.tombstones IS 'What is left of a purged letter, beside its row: the payload is gone.';

CREATE OR REPLACE FUNCTION dead_letters.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME IN ('payloads', 'revisions') AND TG_OP = 'DELETE'
        AND current_setting('dead_letters.purging', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'dead_letters.%: % is refused, dead letters and their history are kept', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE FUNCTION dead_letters.check_purged() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM dead_letters.tombstones AS t WHERE t.message_id = OLD.message_id) THEN
        RAISE EXCEPTION 'dead letter %: its bytes are kept until it is purged', OLD.message_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END;
$$;

CREATE FUNCTION dead_letters.purge(ids text[], by_whom text, why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    purged text[];
BEGIN
    WITH chosen AS (
        SELECT message_id, state, version, proof FROM dead_letters.messages
        WHERE message_id = ANY(ids) AND state IN ('resolved', 'discarded') ORDER BY message_id FOR UPDATE
    ), buried AS (
        INSERT INTO dead_letters.tombstones (message_id, state_before, sha256, bytes, proof, actor, reason)
        SELECT message_id, c.state, p.sha256, octet_length(p.body), c.proof, by_whom, why
        FROM chosen AS c JOIN dead_letters.payloads AS p USING (message_id)
        RETURNING message_id
    ), noted AS (
        INSERT INTO dead_letters.audit (message_id, action, actor, reason, from_state, to_state, version)
        SELECT message_id, 'purged', by_whom, why, state, 'purged', version + 1
        FROM chosen JOIN buried USING (message_id)
    )
    SELECT array_agg(message_id) INTO purged FROM buried;
    UPDATE dead_letters.messages SET state = 'purged', version = version + 1, proof = NULL,
        changed_at = clock_timestamp()
    WHERE message_id = ANY(purged);
    PERFORM set_config('dead_letters.purging', 'yes', true);
    DELETE FROM dead_letters.revisions WHERE message_id = ANY(purged);
    DELETE FROM dead_letters.payloads WHERE message_id = ANY(purged);
    PERFORM set_config('dead_letters.purging', 'no', true);
    RETURN coalesce(cardinality(purged), 0);
END;
$$;
COMMENT ON FUNCTION dead_letters.purge(text[], text, text) IS
    'Removes the bytes of those among the ids that are resolved or discarded; how many. All others stay as they are.';

CREATE TRIGGER payloads_purged BEFORE DELETE ON dead_letters.payloads
    FOR EACH ROW EXECUTE FUNCTION dead_letters.check_purged();
CREATE TRIGGER revisions_purged BEFORE DELETE ON dead_letters.revisions
    FOR EACH ROW EXECUTE FUNCTION dead_letters.check_purged();
CREATE TRIGGER revisions_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.revisions
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER tombstones_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.tombstones
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER operations_kept BEFORE DELETE OR TRUNCATE ON dead_letters.operations
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER operation_items_kept BEFORE DELETE OR TRUNCATE ON dead_letters.operation_items
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER operation_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.operation_audit
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();
CREATE TRIGGER cause_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letters.cause_audit
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters.refuse_change();

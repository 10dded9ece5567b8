-- Refused while a letter is in a state that the schema before does not know: rolling back must not lose track of it.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM dead_letters.messages WHERE state IN ('scheduled', 'claimed', 'purged')) THEN
        RAISE EXCEPTION 'dead letters are scheduled, claimed or purged: cancel the operations first; purged ones keep this schema'
            USING ERRCODE = 'restrict_violation';
    END IF;
END;
$$;

DROP TRIGGER messages_tally_new ON dead_letters.messages;
DROP TRIGGER messages_tally_changed ON dead_letters.messages;
DROP TRIGGER payloads_counted ON dead_letters.payloads;
DROP TRIGGER payloads_purged ON dead_letters.payloads;
DROP TABLE dead_letters.tombstones;
DROP TABLE dead_letters.receipts;
DROP TABLE dead_letters.hour_tally;
DROP TABLE dead_letters.minute_tally;
DROP TABLE dead_letters.cause_tally;
DROP TABLE dead_letters.deltas;
DROP TABLE dead_letters.intervals;
DROP TABLE dead_letters.cause_audit;
DROP TABLE dead_letters.cause_notes;
DROP TABLE dead_letters.causes;
DROP TABLE dead_letters.operation_audit;
DROP TABLE dead_letters.operation_items;
DROP TABLE dead_letters.operations;
DROP TABLE dead_letters.revisions;
DROP FUNCTION dead_letters.purge(text[], text, text);
DROP FUNCTION dead_letters.check_purged();
DROP FUNCTION dead_letters.fold(int);
DROP FUNCTION dead_letters.count_received();
DROP FUNCTION dead_letters.tally_changed();
DROP FUNCTION dead_letters.tally_new();

ALTER TABLE dead_letters.outbox DROP COLUMN revision;
ALTER TABLE dead_letters.attempts
    DROP COLUMN outcome_class,
    DROP COLUMN place,
    DROP COLUMN operation_id;
DROP INDEX dead_letters.messages_due;
DROP INDEX dead_letters.messages_leased;
DROP INDEX dead_letters.messages_open_business;
DROP INDEX dead_letters.messages_open_cause;
DROP INDEX dead_letters.messages_open_newest;
ALTER TABLE dead_letters.messages DROP CONSTRAINT messages_claim_has_lease;
ALTER TABLE dead_letters.messages DROP CONSTRAINT messages_schedule_has_time;
ALTER TABLE dead_letters.messages DROP CONSTRAINT messages_state_check;
ALTER TABLE dead_letters.messages ADD CONSTRAINT messages_state_check
    CHECK (state IN ('failed', 'publishing', 'in_flight', 'resolved', 'quarantined', 'discarded'));
ALTER TABLE dead_letters.messages
    DROP COLUMN outcome_class,
    DROP COLUMN place,
    DROP COLUMN trace_id,
    DROP COLUMN artist,
    DROP COLUMN title,
    DROP COLUMN business_key,
    DROP COLUMN operation_id,
    DROP COLUMN revision,
    DROP COLUMN lease_until,
    DROP COLUMN scheduled_for,
    DROP COLUMN owner,
    DROP COLUMN note,
    DROP COLUMN priority,
    DROP COLUMN labels;

CREATE OR REPLACE FUNCTION dead_letters.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'dead_letters.%: % is refused, dead letters and their history are kept', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE OR REPLACE FUNCTION dead_letters.check_transition() RETURNS trigger
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

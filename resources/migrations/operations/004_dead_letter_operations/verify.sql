SELECT outcome_class, place, trace_id, artist, title, business_key, operation_id, revision, lease_until, scheduled_for,
       owner, note, priority, labels
FROM dead_letters.messages WHERE false;
SELECT message_id, number, body, sha256, patch, author, reason FROM dead_letters.revisions WHERE false;
SELECT id, kind, state, version, selection, options, total, lease, lease_until, undoes
FROM dead_letters.operations WHERE false;
SELECT operation_id, position, message_id, is_canary, outcome, detail, generation, fingerprint, state_before
FROM dead_letters.operation_items WHERE false;
SELECT operation_id, action, actor, to_state FROM dead_letters.operation_audit WHERE false;
SELECT fingerprint, provider, error_type, first_seen FROM dead_letters.causes WHERE false;
SELECT fingerprint, version, owner, note, runbook, last_outcome FROM dead_letters.cause_notes WHERE false;
SELECT kind, subject, source_key, started_at, ended_at FROM dead_letters.intervals WHERE false;
SELECT message_id, sha256, actor, reason FROM dead_letters.tombstones WHERE false;

-- Everything that was there before is tallied.
DO $$
BEGIN
    IF (SELECT count(*) FROM dead_letters.messages) <> (
        SELECT coalesce(sum(c), 0) FROM (
            SELECT sum(change) AS c FROM dead_letters.deltas
            UNION ALL SELECT sum(count) FROM dead_letters.cause_tally
        ) AS tallied
    ) THEN
        RAISE EXCEPTION 'the tallies of dead letters do not add up to the letters';
    END IF;
END;
$$;

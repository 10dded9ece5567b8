SELECT provider, endpoint, control, author, reason, since, until, epoch FROM breaker_control.states WHERE false;
SELECT id, provider, endpoint, action, author, reason, until, before, epoch, at, recorded_at
FROM breaker_control.audit WHERE false;

DO $$
DECLARE
    change text;
    refused boolean;
BEGIN
    FOREACH change IN ARRAY ARRAY[
        'UPDATE breaker_control.audit SET author = author WHERE false',
        'DELETE FROM breaker_control.audit WHERE false'
    ]
    LOOP
        refused := false;
        BEGIN
            EXECUTE change;
        EXCEPTION WHEN restrict_violation THEN
            refused := true;
        END;
        IF NOT refused THEN
            RAISE EXCEPTION 'the audit is not append-only, the database allowed: %', change;
        END IF;
    END LOOP;
    -- TRUNCATE (bit 32 of a trigger's type) is looked up: trying it would take an exclusive lock.
    IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = 'breaker_control.audit'::regclass
                   AND tgfoid = 'breaker_control.refuse_change'::regproc AND tgtype & 32 = 32 AND tgenabled <> 'D') THEN
        RAISE EXCEPTION 'the audit is not append-only, the database allows TRUNCATE';
    END IF;
END;
$$;

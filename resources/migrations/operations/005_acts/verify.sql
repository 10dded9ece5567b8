SELECT key, digest, made_at FROM dead_letters.request_keys WHERE false;
SELECT remembered_at FROM dead_letters.operations WHERE false;

DO $$
BEGIN
    IF to_regclass('dead_letters.messages_retention') IS NULL THEN
        RAISE EXCEPTION 'the index for retention is missing';
    END IF;
END;
$$;

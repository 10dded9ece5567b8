SELECT message_id, state, version, generation, retry_count, routing_key, correlation_id, source_service, provider,
       error_type, error_message, stack_trace, fingerprint, fingerprint_version, metadata, reason, proof,
       first_failed_at, failed_at, received_at, changed_at
FROM dead_letters.messages WHERE false;
SELECT message_id, body, sha256, content_type, headers FROM dead_letters.payloads WHERE false;
SELECT id, message_id, generation, error_type, fingerprint, failed_at FROM dead_letters.attempts WHERE false;
SELECT id, message_id, generation, operation_id, requested_at, finished_at, error FROM dead_letters.outbox WHERE false;
SELECT id, message_id, action, actor, reason, operation_id, from_state, to_state, version, happened_at
FROM dead_letters.audit WHERE false;

DO $$
DECLARE
    kept text;
    refused boolean;
BEGIN
    FOREACH kept IN ARRAY ARRAY['messages', 'payloads', 'attempts', 'outbox', 'audit']
    LOOP
        refused := false;
        BEGIN
            EXECUTE format('DELETE FROM dead_letters.%I WHERE false', kept);
        EXCEPTION WHEN restrict_violation THEN
            refused := true;
        END;
        IF NOT refused THEN
            RAISE EXCEPTION 'dead_letters.% allows DELETE', kept;
        END IF;
    END LOOP;
END;
$$;

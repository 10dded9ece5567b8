SELECT name, delivery_limit, dead_letter_queue, lease_seconds, created_at FROM broker.queues WHERE false;
SELECT id, queue, message_id, correlation_id, content_type, headers, body, delivery_count, lease, visible_at, published_at
FROM broker.messages WHERE false;

DO $$
BEGIN
    IF to_regclass('broker.messages_waiting') IS NULL THEN
        RAISE EXCEPTION 'index broker.messages_waiting is missing';
    END IF;
END;
$$;

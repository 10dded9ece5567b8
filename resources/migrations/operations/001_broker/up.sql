-- The broker kept in PostgreSQL: durable queues with leases, a delivery limit and dead-letter queues.

CREATE SCHEMA broker;

CREATE TABLE broker.queues (
    name text PRIMARY KEY,
    delivery_limit int CHECK (delivery_limit >= 1),
    dead_letter_queue text REFERENCES broker.queues (name),
    lease_seconds double precision NOT NULL DEFAULT 60 CHECK (lease_seconds > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- A limit without a place to go would mean dropping; nothing is ever dropped.
    CHECK ((delivery_limit IS NULL) = (dead_letter_queue IS NULL)),
    CHECK (dead_letter_queue <> name)
);
COMMENT ON TABLE broker.queues IS 'The queues; a message delivered delivery_limit times without success moves to dead_letter_queue.';
CREATE INDEX queues_dead_letter_queue ON broker.queues (dead_letter_queue);

CREATE TABLE broker.messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL REFERENCES broker.queues (name),
    message_id text NOT NULL,
    correlation_id text,
    content_type text NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    body bytea NOT NULL,
    delivery_count int NOT NULL DEFAULT 0 CHECK (delivery_count >= 0),
    lease uuid,
    visible_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN broker.messages.lease IS 'Token of the delivery that holds the message; only it may acknowledge.';
COMMENT ON COLUMN broker.messages.visible_at IS 'When it may be delivered (again): the end of the lease while one is held.';
CREATE INDEX messages_waiting ON broker.messages (queue, visible_at, id);

-- What operators did to circuit breakers. It lives here and not in the music database, so that a provider that was
-- shut off by hand stays off through every rollback, and nothing of who did what is lost.

CREATE SCHEMA breaker_control;

CREATE TABLE breaker_control.states (
    provider text NOT NULL,
    endpoint text NOT NULL,
    control text NOT NULL CHECK (control IN ('automatic', 'forced_open', 'disabled', 'shadow')),
    author text NOT NULL CHECK (author <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    since timestamptz NOT NULL,
    until timestamptz,
    epoch bigint NOT NULL,
    PRIMARY KEY (provider, endpoint),
    CHECK (until > since),
    CHECK ((control = 'automatic') = (until IS NULL))
);
COMMENT ON TABLE breaker_control.states IS 'The state that operators gave each breaker last; a row whose until has passed means nothing.';

CREATE TABLE breaker_control.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    endpoint text,
    action text NOT NULL CHECK (action IN ('force_open', 'disable', 'shadow', 'close', 'probe')),
    author text NOT NULL CHECK (author <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    until timestamptz,
    before text NOT NULL,
    epoch bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE breaker_control.audit IS 'Everything operators did to breakers, written in the transaction that keeps the state.';
COMMENT ON COLUMN breaker_control.audit.endpoint IS 'One breaker; null: all breakers of the provider.';
COMMENT ON COLUMN breaker_control.audit.recorded_at IS 'Later than at when the database was away.';
CREATE INDEX audit_provider ON breaker_control.audit (provider, id);

CREATE FUNCTION breaker_control.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'breaker_control.% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'What was done by hand stays on record.';
END;
$$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON breaker_control.audit
    FOR EACH STATEMENT EXECUTE FUNCTION breaker_control.refuse_change();

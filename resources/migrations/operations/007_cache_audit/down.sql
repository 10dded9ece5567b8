-- What was audited stays: the old check is for new rows alone.
ALTER TABLE breaker_control.audit DROP CONSTRAINT audit_action_check;
ALTER TABLE breaker_control.audit ADD CONSTRAINT audit_action_check
    CHECK (action IN ('force_open', 'disable', 'shadow', 'close', 'probe')) NOT VALID;

-- Forgetting a provider's cached answers is something that an operator does, and is audited like the rest. Its
-- endpoint column names the operation whose answers were forgotten; null: all of them.
ALTER TABLE breaker_control.audit DROP CONSTRAINT audit_action_check;
ALTER TABLE breaker_control.audit ADD CONSTRAINT audit_action_check
    CHECK (action IN ('force_open', 'disable', 'shadow', 'close', 'probe', 'forget_answers'));

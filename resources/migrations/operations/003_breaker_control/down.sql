DROP TABLE breaker_control.audit;
DROP TABLE breaker_control.states;
DROP FUNCTION breaker_control.refuse_change();
DROP SCHEMA breaker_control;

SELECT 1 / count(*) FROM pg_constraint
WHERE conname = 'audit_action_check' AND pg_get_constraintdef(oid) LIKE '%forget_answers%';

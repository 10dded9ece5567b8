SELECT version, field, position, provider, enabled, min_confidence, reliability
FROM waterfall_api_configuration WHERE false;
SELECT version, field, required_for_gold FROM waterfall_config_fields WHERE false;
SELECT version, created_at, created_by, note FROM waterfall_config_versions WHERE false;
SELECT id, version, activated_at, activated_by, reason FROM waterfall_config_activations WHERE false;

DO $$
DECLARE
    refused boolean := false;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM waterfall_config_in_force) THEN
        RAISE EXCEPTION 'no waterfall configuration is in force';
    END IF;
    IF EXISTS (SELECT 1 FROM waterfall_config_fields f JOIN waterfall_config_in_force USING (version)
               WHERE NOT EXISTS (SELECT 1 FROM waterfall_api_configuration c
                                 WHERE c.version = f.version AND c.field = f.field)) THEN
        RAISE EXCEPTION 'a field of the waterfall in force has no source';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM waterfall_api_configuration JOIN waterfall_config_in_force USING (version)
                   WHERE enabled) THEN
        RAISE EXCEPTION 'the waterfall in force has no enabled source';
    END IF;
    BEGIN
        DELETE FROM waterfall_api_configuration WHERE false;
    EXCEPTION WHEN restrict_violation THEN
        refused := true;
    END;
    IF NOT refused THEN
        RAISE EXCEPTION 'waterfall_api_configuration is not immutable: it allowed DELETE';
    END IF;
END;
$$;

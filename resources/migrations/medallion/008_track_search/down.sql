DROP INDEX enrichment_requests_received;
DROP INDEX enrichment_requests_words;

-- Stays where something else has come to depend on it.
DO $$
BEGIN
    DROP EXTENSION IF EXISTS pg_trgm;
EXCEPTION
    WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'pg_trgm stays: something else uses it';
END;
$$;

-- Finding tracks by any part of artist, title or id. pg_trgm comes with PostgreSQL and may be created by the
-- database's owner. Without the index a search that finds nothing reads every request ever made.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE INDEX enrichment_requests_words ON enrichment_requests
    USING gin ((artist_name || ' ' || track_title || ' ' || track_id) gin_trgm_ops);
CREATE INDEX enrichment_requests_received ON enrichment_requests (received_at);

-- Enrichment to full depth: policies of a field, what each source had for every field (what a replay resolves
-- again), disagreements, degraded values by the sources that were missed, and requests known by their message.

ALTER TABLE waterfall_config_versions ADD COLUMN base_version int REFERENCES waterfall_config_versions (version);
COMMENT ON COLUMN waterfall_config_versions.base_version IS 'The version in force that this one was made from.';

ALTER TABLE waterfall_config_fields
    ADD COLUMN when_unavailable text NOT NULL DEFAULT 'skip' CHECK (when_unavailable IN ('skip', 'wait')),
    ADD COLUMN on_disagreement text NOT NULL DEFAULT 'first'
        CHECK (on_disagreement IN ('first', 'surest', 'majority')),
    ADD COLUMN keep_days int CHECK (keep_days >= 1);
COMMENT ON COLUMN waterfall_config_fields.when_unavailable IS
    'skip: a later source may give the value, marked degraded; wait: the field stays as it was.';
COMMENT ON COLUMN waterfall_config_fields.on_disagreement IS
    'Which value is taken when sources differ: of the first sure enough, of the surest, or of most sources.';
COMMENT ON COLUMN waterfall_config_fields.keep_days IS 'A value older than this is sought again; null: kept for ever.';

ALTER TABLE enrichment_requests ADD COLUMN message_id text;
COMMENT ON COLUMN enrichment_requests.message_id IS
    'The message it came with, so that a message delivered twice is recognised; null for direct calls.';
CREATE INDEX enrichment_requests_message ON enrichment_requests (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE source_evidence (
    request_id uuid NOT NULL REFERENCES enrichment_requests (id) ON DELETE CASCADE,
    provider text NOT NULL,
    track_id text NOT NULL,
    outcome text NOT NULL,
    detail text NOT NULL DEFAULT '',
    verdict text NOT NULL CHECK (verdict IN ('matched', 'no_match', 'unsure', 'no_answer')),
    match_probability double precision CHECK (match_probability BETWEEN 0 AND 1),
    calls int NOT NULL CHECK (calls >= 0),
    field_values jsonb NOT NULL DEFAULT '{}',
    invalid_values jsonb NOT NULL DEFAULT '{}',
    raw_response_id uuid,
    lookup_response_id uuid,
    lookup_fields text[] NOT NULL DEFAULT '{}',
    unasked_fields text[] NOT NULL DEFAULT '{}',
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (request_id, provider),
    CHECK ((verdict = 'matched') = (match_probability IS NOT NULL))
);
COMMENT ON TABLE source_evidence IS
    'One row a source that was asked: what it had for every field, valid or not. Enough to walk any waterfall again.';
COMMENT ON COLUMN source_evidence.field_values IS 'Valid value by field, of all fields that exist, not only the walked ones.';
COMMENT ON COLUMN source_evidence.invalid_values IS 'Why a value was refused, by field.';
COMMENT ON COLUMN source_evidence.lookup_fields IS
    'Fields that come from the look-up (lookup_response_id) or would have, had it succeeded; the others from the search.';
COMMENT ON COLUMN source_evidence.unasked_fields IS
    'Fields that the search did not give and a look-up may, which was not made: nothing is known about them.';
CREATE INDEX source_evidence_track ON source_evidence (track_id, provider, received_at DESC);
CREATE INDEX source_evidence_received ON source_evidence (received_at);

CREATE TABLE field_disagreements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES enrichment_requests (id) ON DELETE CASCADE,
    track_id text NOT NULL,
    field text NOT NULL,
    policy text NOT NULL CHECK (policy IN ('first', 'surest', 'majority')),
    winner text NOT NULL,
    winning_value jsonb NOT NULL,
    others jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (request_id, field)
);
COMMENT ON TABLE field_disagreements IS 'Fields for which sources had different values, and the policy that decided.';
COMMENT ON COLUMN field_disagreements.others IS 'Value by provider.';
CREATE INDEX field_disagreements_track ON field_disagreements (track_id, field);

ALTER TABLE enrichment_transformations DROP CONSTRAINT enrichment_transformations_outcome_check;
ALTER TABLE enrichment_transformations ADD CONSTRAINT enrichment_transformations_outcome_check
    CHECK (outcome IN ('used', 'agreed', 'outvoted', 'deferred', 'below_threshold', 'no_value', 'invalid_value', 'no_match', 'unsure',
        'not_found', 'throttled', 'breaker_open', 'quota', 'credential', 'capability_gone', 'bad_request',
        'contract', 'empty_suspect', 'failure', 'waited_for'));

ALTER TABLE field_provenance ADD COLUMN degraded_by text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN field_provenance.degraded_by IS
    'Sources before this one that could not be asked; the value is sought again when one of them is back.';
ALTER TABLE field_provenance ADD COLUMN found_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN field_provenance.found_at IS 'When the source last gave the value.';
CREATE INDEX field_provenance_degraded ON field_provenance USING gin (degraded_by) WHERE degraded_by <> '{}';

ALTER TABLE enriched_tracks
    ADD COLUMN energy double precision CHECK (energy BETWEEN 0 AND 1),
    ADD COLUMN danceability double precision CHECK (danceability BETWEEN 0 AND 1),
    ADD COLUMN valence double precision CHECK (valence BETWEEN 0 AND 1);
COMMENT ON COLUMN enriched_tracks.energy IS
    'As danceability and valence: a field of the reference that no provider gives any more, so always empty.';

-- A better default, where the first one is in force still: sources that came later, tempo and key of Beatport first.
-- MusicBrainz is no source of the label, because its recordings have none. Where an earlier run of this migration made
-- the version, that one is put in force again.
DO $$
DECLARE
    better int;
BEGIN
    IF (SELECT created_by FROM waterfall_config_in_force JOIN waterfall_config_versions USING (version))
        IS DISTINCT FROM 'migration 004' THEN
        RETURN;
    END IF;
    SELECT version INTO better FROM waterfall_config_versions WHERE created_by = 'migration 006';
    IF better IS NULL THEN
        INSERT INTO waterfall_config_versions (created_by, note, base_version)
        SELECT 'migration 006', 'Defaults: more sources for every field; tempo, key and label of Beatport first', version
        FROM waterfall_config_in_force
        RETURNING version INTO better;

        INSERT INTO waterfall_config_fields (version, field, required_for_gold)
        VALUES
            (better, 'artist_name', true),
            (better, 'track_title', true),
            (better, 'isrc', true),
            (better, 'release_date', true),
            (better, 'duration_ms', true),
            (better, 'album', false),
            (better, 'label', false),
            (better, 'bpm', false),
            (better, 'musical_key', false),
            (better, 'genres', false),
            (better, 'artwork_url', false),
            (better, 'explicit', false),
            (better, 'popularity', false),
            (better, 'musicbrainz_id', false),
            (better, 'spotify_id', false),
            (better, 'deezer_id', false),
            (better, 'discogs_id', false),
            (better, 'beatport_id', false);

        INSERT INTO waterfall_api_configuration (version, field, position, provider, min_confidence, reliability)
        VALUES
            (better, 'artist_name', 1, 'musicbrainz', 0.75, 0.98),
            (better, 'artist_name', 2, 'spotify', 0.75, 0.97),
            (better, 'artist_name', 3, 'beatport', 0.70, 0.95),
            (better, 'artist_name', 4, 'deezer', 0.70, 0.95),
            (better, 'artist_name', 5, 'itunes', 0.70, 0.93),
            (better, 'artist_name', 6, 'discogs', 0.65, 0.92),
            (better, 'artist_name', 7, 'lastfm', 0.60, 0.85),
            (better, 'track_title', 1, 'musicbrainz', 0.75, 0.98),
            (better, 'track_title', 2, 'spotify', 0.75, 0.97),
            (better, 'track_title', 3, 'beatport', 0.70, 0.95),
            (better, 'track_title', 4, 'deezer', 0.70, 0.95),
            (better, 'track_title', 5, 'itunes', 0.70, 0.93),
            (better, 'track_title', 6, 'discogs', 0.65, 0.90),
            (better, 'track_title', 7, 'lastfm', 0.60, 0.85),
            (better, 'isrc', 1, 'spotify', 0.80, 0.98),
            (better, 'isrc', 2, 'deezer', 0.80, 0.97),
            (better, 'isrc', 3, 'beatport', 0.80, 0.95),
            (better, 'isrc', 4, 'musicbrainz', 0.75, 0.93),
            (better, 'release_date', 1, 'musicbrainz', 0.70, 0.95),
            (better, 'release_date', 2, 'spotify', 0.65, 0.88),
            (better, 'release_date', 3, 'beatport', 0.65, 0.87),
            (better, 'release_date', 4, 'deezer', 0.60, 0.85),
            (better, 'release_date', 5, 'itunes', 0.55, 0.80),
            (better, 'release_date', 6, 'discogs', 0.55, 0.80),
            (better, 'duration_ms', 1, 'spotify', 0.75, 0.98),
            (better, 'duration_ms', 2, 'musicbrainz', 0.70, 0.93),
            (better, 'duration_ms', 3, 'deezer', 0.70, 0.93),
            (better, 'duration_ms', 4, 'beatport', 0.70, 0.92),
            (better, 'duration_ms', 5, 'itunes', 0.70, 0.92),
            (better, 'album', 1, 'spotify', 0.65, 0.92),
            (better, 'album', 2, 'musicbrainz', 0.60, 0.88),
            (better, 'album', 3, 'deezer', 0.60, 0.90),
            (better, 'album', 4, 'itunes', 0.60, 0.88),
            (better, 'album', 5, 'discogs', 0.55, 0.80),
            (better, 'label', 1, 'beatport', 0.65, 0.93),
            (better, 'label', 2, 'discogs', 0.60, 0.90),
            (better, 'bpm', 1, 'beatport', 0.70, 0.97),
            (better, 'bpm', 2, 'deezer', 0.60, 0.85),
            (better, 'musical_key', 1, 'beatport', 0.70, 0.95),
            (better, 'genres', 1, 'beatport', 0.60, 0.92),
            (better, 'genres', 2, 'discogs', 0.55, 0.88),
            (better, 'genres', 3, 'lastfm', 0.50, 0.75),
            (better, 'genres', 4, 'musicbrainz', 0.50, 0.80),
            (better, 'genres', 5, 'listenbrainz', 0.50, 0.78),
            (better, 'artwork_url', 1, 'spotify', 0.65, 0.95),
            (better, 'artwork_url', 2, 'deezer', 0.65, 0.95),
            (better, 'artwork_url', 3, 'coverartarchive', 0.60, 0.92),
            (better, 'artwork_url', 4, 'itunes', 0.60, 0.93),
            (better, 'artwork_url', 5, 'discogs', 0.55, 0.80),
            (better, 'explicit', 1, 'spotify', 0.70, 0.95),
            (better, 'explicit', 2, 'deezer', 0.65, 0.92),
            (better, 'explicit', 3, 'itunes', 0.65, 0.92),
            (better, 'popularity', 1, 'spotify', 0.70, 0.95),
            (better, 'popularity', 2, 'deezer', 0.60, 0.85),
            (better, 'musicbrainz_id', 1, 'musicbrainz', 0.80, 1.00),
            (better, 'spotify_id', 1, 'spotify', 0.80, 1.00),
            (better, 'deezer_id', 1, 'deezer', 0.80, 1.00),
            (better, 'discogs_id', 1, 'discogs', 0.70, 1.00),
            (better, 'beatport_id', 1, 'beatport', 0.80, 1.00);
    END IF;
    INSERT INTO waterfall_config_activations (version, activated_by, reason)
    VALUES (better, 'migration 006', 'better defaults');
END;
$$;

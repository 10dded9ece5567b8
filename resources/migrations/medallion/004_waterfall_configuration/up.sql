-- The waterfall: which provider is asked first for which field. A configuration is a numbered version that
-- never changes once it has been in force; changing the waterfall means a new version and activating it.

CREATE TABLE waterfall_config_versions (
    version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    note text NOT NULL DEFAULT ''
);
COMMENT ON TABLE waterfall_config_versions IS 'The versions of the waterfall configuration.';

CREATE TABLE waterfall_config_activations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version int NOT NULL REFERENCES waterfall_config_versions (version),
    activated_at timestamptz NOT NULL DEFAULT now(),
    activated_by text NOT NULL,
    reason text NOT NULL DEFAULT ''
);
COMMENT ON TABLE waterfall_config_activations IS 'Which version was put in force when; the newest row is the one in force.';
CREATE INDEX waterfall_config_activations_version ON waterfall_config_activations (version);

CREATE TABLE waterfall_config_fields (
    version int NOT NULL REFERENCES waterfall_config_versions (version),
    field text NOT NULL,
    required_for_gold boolean NOT NULL,
    PRIMARY KEY (version, field)
);
COMMENT ON TABLE waterfall_config_fields IS 'The fields of a version, and whether a track without one of them is only partial.';

CREATE TABLE waterfall_api_configuration (
    version int NOT NULL,
    field text NOT NULL,
    position int NOT NULL CHECK (position >= 1),
    provider text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    min_confidence double precision NOT NULL CHECK (min_confidence BETWEEN 0 AND 1),
    reliability double precision NOT NULL CHECK (reliability BETWEEN 0 AND 1),
    PRIMARY KEY (version, field, position),
    UNIQUE (version, field, provider),
    FOREIGN KEY (version, field) REFERENCES waterfall_config_fields (version, field)
);
COMMENT ON TABLE waterfall_api_configuration IS 'The ordered sources of each field; the first one sure enough gives the value.';
COMMENT ON COLUMN waterfall_api_configuration.min_confidence IS
    'A value is taken when match probability times reliability reaches this.';
COMMENT ON COLUMN waterfall_api_configuration.reliability IS
    'How often the provider is right about this field when the track was matched correctly.';

CREATE VIEW waterfall_config_in_force AS
    SELECT version, activated_at, activated_by, reason
    FROM waterfall_config_activations ORDER BY id DESC LIMIT 1;

CREATE FUNCTION waterfall_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Add a new version and activate it.';
END;
$$;

CREATE FUNCTION waterfall_refuse_in_force() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM waterfall_config_activations WHERE version = NEW.version) THEN
        RAISE EXCEPTION 'waterfall version % has been in force and cannot change any more', NEW.version
            USING ERRCODE = 'restrict_violation', HINT = 'Add a new version and activate it.';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION waterfall_refuse_unusable() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM waterfall_api_configuration WHERE version = NEW.version AND enabled) THEN
        RAISE EXCEPTION 'waterfall version % has no enabled source and cannot be activated', NEW.version
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION waterfall_notify_activation() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('waterfall_configuration', NEW.version::text);
    RETURN NEW;
END;
$$;

CREATE TRIGGER waterfall_config_versions_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON waterfall_config_versions
    FOR EACH STATEMENT EXECUTE FUNCTION waterfall_refuse_change();
CREATE TRIGGER waterfall_config_activations_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON waterfall_config_activations
    FOR EACH STATEMENT EXECUTE FUNCTION waterfall_refuse_change();
CREATE TRIGGER waterfall_config_fields_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON waterfall_config_fields
    FOR EACH STATEMENT EXECUTE FUNCTION waterfall_refuse_change();
CREATE TRIGGER waterfall_api_configuration_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON waterfall_api_configuration
    FOR EACH STATEMENT EXECUTE FUNCTION waterfall_refuse_change();
CREATE TRIGGER waterfall_config_fields_sealed
    BEFORE INSERT ON waterfall_config_fields
    FOR EACH ROW EXECUTE FUNCTION waterfall_refuse_in_force();
CREATE TRIGGER waterfall_api_configuration_sealed
    BEFORE INSERT ON waterfall_api_configuration
    FOR EACH ROW EXECUTE FUNCTION waterfall_refuse_in_force();
CREATE TRIGGER waterfall_config_activations_usable
    BEFORE INSERT ON waterfall_config_activations
    FOR EACH ROW EXECUTE FUNCTION waterfall_refuse_unusable();
CREATE TRIGGER waterfall_config_activations_notify
    AFTER INSERT ON waterfall_config_activations
    FOR EACH ROW EXECUTE FUNCTION waterfall_notify_activation();

-- The first version. Only sources that really have the field are named: Spotify closed its audio features to new
-- applications in 2024 and AcousticBrainz ended in 2022, so tempo comes from Deezer and no source gives the key.
INSERT INTO waterfall_config_versions (created_by, note)
VALUES ('migration 004', 'Defaults: MusicBrainz, Spotify, Deezer, Discogs');

INSERT INTO waterfall_config_fields (version, field, required_for_gold)
VALUES
    (1, 'artist_name', true),
    (1, 'track_title', true),
    (1, 'isrc', true),
    (1, 'release_date', true),
    (1, 'duration_ms', true),
    (1, 'album', false),
    (1, 'label', false),
    (1, 'bpm', false),
    (1, 'genres', false),
    (1, 'artwork_url', false),
    (1, 'explicit', false),
    (1, 'popularity', false),
    (1, 'musicbrainz_id', false),
    (1, 'spotify_id', false),
    (1, 'deezer_id', false),
    (1, 'discogs_id', false);

INSERT INTO waterfall_api_configuration (version, field, position, provider, min_confidence, reliability)
VALUES
    (1, 'artist_name', 1, 'musicbrainz', 0.75, 0.98),
    (1, 'artist_name', 2, 'spotify', 0.75, 0.97),
    (1, 'artist_name', 3, 'deezer', 0.70, 0.95),
    (1, 'artist_name', 4, 'discogs', 0.65, 0.92),
    (1, 'track_title', 1, 'musicbrainz', 0.75, 0.98),
    (1, 'track_title', 2, 'spotify', 0.75, 0.97),
    (1, 'track_title', 3, 'deezer', 0.70, 0.95),
    (1, 'track_title', 4, 'discogs', 0.65, 0.90),
    (1, 'isrc', 1, 'spotify', 0.80, 0.98),
    (1, 'isrc', 2, 'deezer', 0.80, 0.97),
    (1, 'isrc', 3, 'musicbrainz', 0.75, 0.93),
    (1, 'release_date', 1, 'musicbrainz', 0.70, 0.95),
    (1, 'release_date', 2, 'spotify', 0.65, 0.88),
    (1, 'release_date', 3, 'deezer', 0.60, 0.85),
    (1, 'release_date', 4, 'discogs', 0.55, 0.80),
    (1, 'duration_ms', 1, 'spotify', 0.75, 0.98),
    (1, 'duration_ms', 2, 'musicbrainz', 0.70, 0.93),
    (1, 'duration_ms', 3, 'deezer', 0.70, 0.93),
    (1, 'album', 1, 'spotify', 0.65, 0.92),
    (1, 'album', 2, 'musicbrainz', 0.60, 0.88),
    (1, 'album', 3, 'deezer', 0.60, 0.90),
    (1, 'album', 4, 'discogs', 0.55, 0.80),
    (1, 'label', 1, 'discogs', 0.60, 0.90),
    (1, 'label', 2, 'musicbrainz', 0.60, 0.90),
    (1, 'bpm', 1, 'deezer', 0.60, 0.85),
    (1, 'genres', 1, 'discogs', 0.55, 0.88),
    (1, 'genres', 2, 'musicbrainz', 0.50, 0.80),
    (1, 'artwork_url', 1, 'spotify', 0.65, 0.95),
    (1, 'artwork_url', 2, 'deezer', 0.65, 0.95),
    (1, 'artwork_url', 3, 'discogs', 0.55, 0.80),
    (1, 'explicit', 1, 'spotify', 0.70, 0.95),
    (1, 'explicit', 2, 'deezer', 0.65, 0.92),
    (1, 'popularity', 1, 'spotify', 0.70, 0.95),
    (1, 'popularity', 2, 'deezer', 0.60, 0.85),
    (1, 'musicbrainz_id', 1, 'musicbrainz', 0.80, 1.00),
    (1, 'spotify_id', 1, 'spotify', 0.80, 1.00),
    (1, 'deezer_id', 1, 'deezer', 0.80, 1.00),
    (1, 'discogs_id', 1, 'discogs', 0.70, 1.00);

INSERT INTO waterfall_config_activations (version, activated_by, reason)
VALUES (1, 'migration 004', 'first configuration');

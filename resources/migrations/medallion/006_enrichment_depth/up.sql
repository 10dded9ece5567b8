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

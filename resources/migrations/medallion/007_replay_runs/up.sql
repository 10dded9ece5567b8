-- Replay runs: how far a run of pipeline_replay_queue has come, under whose lease, and the values it found to be
-- other ones.

CREATE TABLE replay_progress (
    replay_id uuid PRIMARY KEY REFERENCES pipeline_replay_queue (id) ON DELETE CASCADE,
    lease uuid,
    lease_until timestamptz,
    done_tracks int NOT NULL DEFAULT 0 CHECK (done_tracks >= 0),
    differing_values int NOT NULL DEFAULT 0 CHECK (differing_values >= 0),
    unjudged_values int NOT NULL DEFAULT 0 CHECK (unjudged_values >= 0),
    promoted_tracks int NOT NULL DEFAULT 0 CHECK (promoted_tracks >= 0),
    error text NOT NULL DEFAULT '',
    CHECK ((lease IS NULL) = (lease_until IS NULL))
);
COMMENT ON TABLE replay_progress IS 'One row a replay run, made with its row in the queue.';
COMMENT ON COLUMN replay_progress.lease IS
    'Of the replica at work. Progress and what a run writes are committed together, and only under the lease.';
COMMENT ON COLUMN replay_progress.lease_until IS 'After this any replica goes on with the run where it stands.';
COMMENT ON COLUMN replay_progress.done_tracks IS
    'How many of the run''s track_ids, from the first, are done: where it stands.';

CREATE TABLE replay_differences (
    replay_id uuid NOT NULL REFERENCES pipeline_replay_queue (id) ON DELETE CASCADE,
    track_id text NOT NULL,
    field text NOT NULL,
    artist_name text NOT NULL,
    track_title text NOT NULL,
    value_before jsonb NOT NULL,
    value_after jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (replay_id, track_id, field)
);
COMMENT ON TABLE replay_differences IS 'The values that a replay run found to be other ones than those in Gold.';
COMMENT ON COLUMN replay_differences.value_before IS 'As Gold had it: provider, value, confidence, position, why.';
COMMENT ON COLUMN replay_differences.value_after IS 'As the run resolved it, in the same form.';

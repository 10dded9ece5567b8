SELECT replay_id, lease, lease_until, done_tracks, differing_values, unjudged_values, promoted_tracks, error
    FROM replay_progress WHERE false;
SELECT replay_id, track_id, field, artist_name, track_title, value_before, value_after, recorded_at
    FROM replay_differences WHERE false;

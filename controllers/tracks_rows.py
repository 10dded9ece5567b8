"""Lines of the tracks screen: stored tracks, replay runs, rows of a file that are left out."""

from collections.abc import Sequence
from datetime import datetime

from backend.contracts.imports import BadRow
from backend.contracts.inspection import StoredTrack
from backend.contracts.replay import ReplayRun, ReplayRunStatus
from controllers.marks import Mark, Shape
from controllers.rows import Row
from controllers.wording import ago, count, joined, plural

_TRACKS = {
    "completed": Mark(Shape.TICK, "ok", "complete"),
    "cached": Mark(Shape.TICK, "ok", "complete"),
    "partial": Mark(Shape.HALF_DISC, "warn", "partial"),
    "failed": Mark(Shape.CROSS, "bad", "failed"),
    "in_progress": Mark(Shape.WORKING, "accent", "at work"),
}
_UNKNOWN = Mark(Shape.UNKNOWN, "warn", "unknown")
_RUNS = {
    ReplayRunStatus.QUEUED: Mark(Shape.WAITING, "faint", "queued"),
    ReplayRunStatus.RUNNING: Mark(Shape.WORKING, "accent", "running"),
    ReplayRunStatus.COMPLETED: Mark(Shape.TICK, "ok", "completed"),
    ReplayRunStatus.FAILED: Mark(Shape.CROSS, "bad", "failed"),
    ReplayRunStatus.CANCELLED: Mark(Shape.STOPPED, "warn", "cancelled"),
}


def track_rows(tracks: Sequence[StoredTrack], now: datetime) -> list[Row]:
    """Stored tracks: name, id and completeness, when asked for last."""
    return [
        Row(
            key=track.track_id,
            mark=_TRACKS.get(track.status, _UNKNOWN),
            title=f"{track.artist_name} – {track.track_title}",
            subtitle=_track_line(track),
            trailing=ago(track.last_requested_at, now),
        )
        for track in tracks
    ]


def _track_line(track: StoredTrack) -> str:
    word = _TRACKS.get(track.status, _UNKNOWN).word
    filled = None if track.completeness is None else f"{track.completeness:.0%} of fields"
    return joined(word, filled, "degraded" if track.degraded else None, track.track_id)


def run_rows(runs: Sequence[ReplayRun], now: datetime) -> list[Row]:
    """Replay runs with their progress."""
    return [
        Row(
            key=run.id,
            mark=_RUNS[run.status],
            title=run.reason,
            subtitle=_run_line(run),
            trailing=ago(run.created_at, now),
        )
        for run in runs
    ]


def _run_line(run: ReplayRun) -> str:
    progress = f"{count(run.done_tracks)} of {plural(run.total_tracks, 'track')}"
    found = f"{plural(run.differing_values, 'value')} differ"
    written = f"{plural(run.promoted_tracks, 'track')} written to Gold" if run.promote else None
    unjudged = f"{count(run.unjudged_values)} not to be judged" if run.unjudged_values else None
    return joined(_RUNS[run.status].word, progress, found, written, unjudged, run.error or run.author)


def bad_rows(rows: Sequence[BadRow]) -> list[Row]:
    """Rows of a file that are left out."""
    mark = Mark(Shape.CROSS, "bad", "left out")
    return [Row(f"{row.line}", mark, f"Line {count(row.line)}: {row.problem}", row.text) for row in rows]

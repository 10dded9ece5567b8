"""Sample tracks: a dozen stored ones, an import with a bad row, replay runs in memory."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Sequence
from datetime import timedelta

from backend.contracts.errors import OperatorError
from backend.contracts.imports import BadRow, ImportReport
from backend.contracts.inspection import InspectRequest, StoredTrack, TrackInspection
from backend.contracts.replay import ReplayRun, ReplayRunRequest, ReplayRunStatus
from controllers.clock import Clock
from tests.gui.sample.inspected import inspected, stored

_TRACKS = {
    "t-1001": ("deadmau5", "Strobe", "completed", 0.94),
    "t-1002": ("Eric Prydz", "Opus", "completed", 0.88),
    "t-1003": ("CamelPhat & Elderbrook", "Cola", "partial", 0.50),
    "t-1004": ("Way Out West", "Xpander (Sasha Remix)", "cached", 1.0),
    "t-1005": ("Adam Beyer & Bart Skils", "Your Mind", "failed", None),
    "t-1006": ("Underworld", "Born Slippy .NUXX", "completed", 0.94),
    "t-1007": ("Björk", "Hyperballad (Robin Hood Riding Through the Glen Mix)", "in_progress", None),
    "t-1008": ("Orbital", "Halcyon + On + On", "completed", 0.81),
}


class SampleTracks:
    """The tracks port over two tracks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.error: OperatorError | None = None
        self.runs: list[ReplayRun] = []
        self.report = ImportReport(
            path="tracks.csv",
            format="csv",
            rows=3,
            good=2,
            duplicates=0,
            bad=[BadRow(line=4, problem="track_title: Field required", text="t-3,deadmau5")],
        )

    def tracks(self, environment: str, text: str, limit: int) -> Sequence[StoredTrack]:
        """Those that contain the text."""
        self._answer()
        found = [
            StoredTrack(
                track_id=track,
                artist_name=artist,
                track_title=title,
                status=status,
                completeness=completeness,
                degraded=track == "t-1003",
                config_version=7,
                last_requested_at=self._clock() - timedelta(minutes=5 * place),
            )
            for place, (track, (artist, title, status, completeness)) in enumerate(_TRACKS.items(), 1)
            if all(word in f"{track} {artist} {title}".lower() for word in text.lower().split())
        ]
        return found[:limit]

    def inspection(self, environment: str, track_id: str) -> TrackInspection:
        """A stored one, with lineage."""
        self._answer()
        artist, title, *_ = _TRACKS[track_id]
        return stored(track_id, artist, title, self._clock() - timedelta(minutes=5))

    def inspect(self, environment: str, request: InspectRequest) -> TrackInspection:
        """Asked for just now."""
        self._answer()
        return inspected(request.artist_name, request.track_title, self._clock())

    def check_import(self, path: str) -> ImportReport:
        """The report."""
        self._answer()
        return self.report.model_copy(update={"path": path})

    def import_file(self, environment: str, path: str) -> ImportReport:
        """The report, queued."""
        self._answer()
        return self.report.model_copy(update={"path": path, "queued": self.report.good})

    def start_replay(self, environment: str, request: ReplayRunRequest) -> ReplayRun:
        """One more run."""
        self._answer()
        run = ReplayRun(
            id=f"r{len(self.runs) + 1}",
            status=ReplayRunStatus.QUEUED,
            config_version=request.config_version,
            promote=request.promote,
            author=request.author,
            reason=request.reason,
            total_tracks=2,
            done_tracks=0,
            differing_values=0,
            unjudged_values=0,
            promoted_tracks=0,
            created_at=self._clock(),
            started_at=None,
            completed_at=None,
        )
        self.runs.insert(0, run)
        return run

    def replay_runs(self, environment: str, limit: int) -> Sequence[ReplayRun]:
        """Newest first."""
        self._answer()
        return self.runs[:limit]

    def cancel_replay(self, environment: str, run_id: str) -> ReplayRun:
        """Cancelled at once."""
        self._answer()
        place = next(at for at, run in enumerate(self.runs) if run.id == run_id)
        self.runs[place] = self.runs[place].model_copy(update={"status": ReplayRunStatus.CANCELLED})
        return self.runs[place]

    def operator(self) -> str:
        """Who is at the console."""
        return "ada@desk-1"

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error

"""Sample tracks: two stored ones."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Sequence
from datetime import timedelta

from backend.contracts.enrichment import FieldProvenance
from backend.contracts.errors import OperatorError
from backend.contracts.imports import BadRow, ImportReport
from backend.contracts.inspection import (
    CandidateInspection,
    InspectRequest,
    Lineage,
    Penalty,
    SourceInspection,
    StoredTrack,
    TrackInspection,
    WalkStep,
)
from backend.contracts.replay import ReplayRun, ReplayRunRequest, ReplayRunStatus
from controllers.clock import Clock

_NAMES = {"t-1001": ("deadmau5", "Strobe"), "t-1002": ("Eric Prydz", "Opus")}


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
            bad=[BadRow(line=3, problem="track_title: Field required", text="t-3,deadmau5")],
        )

    def tracks(self, environment: str, text: str, limit: int) -> Sequence[StoredTrack]:
        """Those that contain the text."""
        self._answer()
        found = [
            StoredTrack(
                track_id=track,
                artist_name=artist,
                track_title=title,
                status="completed",
                completeness=0.94,
                degraded=False,
                config_version=7,
                last_requested_at=self._clock() - timedelta(minutes=5),
            )
            for track, (artist, title) in _NAMES.items()
            if text.lower() in f"{track} {artist} {title}".lower()
        ]
        return found[:limit]

    def inspection(self, environment: str, track_id: str) -> TrackInspection:
        """A stored one, with lineage."""
        self._answer()
        artist, title = _NAMES[track_id]
        made = self._inspected(artist, title)
        lineage = Lineage(
            field="label",
            value="mau5trap",
            provenance=FieldProvenance(provider="discogs", confidence=0.87, position=2, config_version=7),
            request_id="8b7d",
            endpoint="release",
            fetched_at=made.at,
            match_probability=0.97,
            candidate_title=title,
            candidate_artists=[artist],
        )
        return made.model_copy(update={"track_id": track_id, "lineage": [lineage]})

    def inspect(self, environment: str, request: InspectRequest) -> TrackInspection:
        """Asked for just now."""
        self._answer()
        return self._inspected(request.artist_name, request.track_title)

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

    def _inspected(self, artist: str, title: str) -> TrackInspection:
        evidence = [
            Penalty(name="title", weight=3.0, explanation="equal"),
            Penalty(name="artist", weight=2.5, explanation="equal"),
            Penalty(name="duration", weight=1.5, explanation="637 s and 637 s"),
        ]
        chosen = CandidateInspection(
            provider_id="d-1",
            title=title,
            artists=[artist],
            album="For Lack of a Better Name",
            duration_ms=637_000,
            probability=0.97,
            evidence=evidence,
            chosen=True,
        )
        edit = chosen.model_copy(
            update={
                "provider_id": "d-2",
                "title": f"{title} (Radio Edit)",
                "probability": 0.0,
                "gate": "other version",
                "evidence": [],
                "chosen": False,
            }
        )
        return TrackInspection(
            track_id=None,
            artist_name=artist,
            track_title=title,
            config_version=7,
            at=self._clock() - timedelta(minutes=5),
            sources=[
                SourceInspection(
                    provider="discogs", outcome="ok", verdict="matched", calls=2, candidates=[chosen, edit]
                ),
                SourceInspection(
                    provider="musicbrainz", outcome="throttled", verdict="no_answer", detail="busy", calls=1
                ),
            ],
            walk=[
                WalkStep(
                    field="label", position=1, provider="musicbrainz", outcome="throttled", detail="busy"
                ),
                WalkStep(
                    field="label",
                    position=2,
                    provider="discogs",
                    outcome="used",
                    value="mau5trap",
                    confidence=0.87,
                    min_confidence=0.7,
                ),
            ],
            values={"label": "mau5trap"},
        )

"""The enrichment service, asked and changed from outside. What goes wrong is an OperatorError."""

from collections.abc import Sequence
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from backend.clients.json_service import JsonService, WriteGuard
from backend.contracts.access import refuse_production
from backend.contracts.enrichment import BatchAccepted, BatchProgress, EnrichRequest
from backend.contracts.environment import ENRICHMENT, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.inspection import InspectRequest, StoredTrack, TrackInspection
from backend.contracts.replay import (
    PreviewRequest,
    PreviewSupersededError,
    ReplayComparison,
    ReplayRun,
    ReplayRunRequest,
    ValueDifference,
)
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import (
    FieldCoverage,
    VersionSummary,
    WaterfallChange,
    WaterfallConfiguration,
    WaterfallConflict,
    WaterfallConflictError,
    WaterfallRefusal,
)
from backend.http import httpx

_PROVIDER_SECONDS = 60.0
"""Asking the providers may have to wait for a place within their limits."""
_REPLAY_SECONDS = 60.0
_COUNTING_SECONDS = 30.0
"""Every value in Gold is counted: one to two seconds for 100,000 tracks on a busy machine."""


class EnrichmentClient:
    """Talks to one environment's enrichment service; each call may run in any thread."""

    def __init__(
        self,
        environment: Environment,
        token: str = "",
        timeout: float = 5.0,
        guard: WriteGuard = refuse_production,
    ) -> None:
        self._calls = JsonService(environment, ENRICHMENT, token, timeout, _refused, guard)

    def waterfall(self) -> WaterfallConfiguration:
        """The configuration in force."""
        return self._calls.get("/admin/waterfall", TypeAdapter(WaterfallConfiguration))

    def versions(self, before: int | None = None, limit: int = 50) -> Sequence[VersionSummary]:
        """The history, newest first; `before` gives the ones below that version."""
        kind = TypeAdapter(list[VersionSummary])
        return self._calls.get("/admin/waterfall/versions", kind, before=before, limit=limit)

    def version(self, version: int) -> WaterfallConfiguration:
        """One version."""
        return self._calls.get(f"/admin/waterfall/versions/{version}", TypeAdapter(WaterfallConfiguration))

    def apply(self, change: WaterfallChange) -> WaterfallConfiguration:
        """Put the next version in force; WaterfallConflictError when another one came first."""
        body = change.model_dump(mode="json")
        return self._calls.post("/admin/waterfall/versions", TypeAdapter(WaterfallConfiguration), body)

    def coverage(self) -> Sequence[FieldCoverage]:
        """How each field stands in Gold."""
        kind = TypeAdapter(list[FieldCoverage])
        return self._calls.get("/admin/waterfall/coverage", kind, _COUNTING_SECONDS)

    def preview(self, request: PreviewRequest) -> ReplayComparison:
        """What a draft would change, by stored answers alone."""
        body = request.model_dump(mode="json")
        kind = TypeAdapter(ReplayComparison)
        return self._calls.post("/admin/replay/preview", kind, body, _REPLAY_SECONDS, changes=False)

    def start_replay(self, request: ReplayRunRequest) -> ReplayRun:
        """Queue a replay run."""
        body = request.model_dump(mode="json")
        return self._calls.post("/admin/replay/runs", TypeAdapter(ReplayRun), body)

    def replay_runs(self, limit: int = 20) -> Sequence[ReplayRun]:
        """Replay runs, newest first."""
        return self._calls.get("/admin/replay/runs", TypeAdapter(list[ReplayRun]), limit=limit)

    def replay_run(self, run_id: str) -> ReplayRun:
        """One replay run."""
        return self._calls.get(f"/admin/replay/runs/{quote(run_id, safe='')}", TypeAdapter(ReplayRun))

    def cancel_replay(self, run_id: str) -> ReplayRun:
        """Stop a replay run; what it has promoted stays."""
        return self._calls.post(f"/admin/replay/runs/{quote(run_id, safe='')}/cancel", TypeAdapter(ReplayRun))

    def replay_differences(
        self, run_id: str, after: tuple[str, str] = ("", ""), limit: int = 200
    ) -> Sequence[ValueDifference]:
        """Values that a run found to differ, behind the track and field `after`, in the order of these."""
        path = f"/admin/replay/runs/{quote(run_id, safe='')}/differences"
        kind, (track, field) = TypeAdapter(list[ValueDifference]), after
        return self._calls.get(path, kind, after_track=track, after_field=field, limit=limit)

    def tracks(self, text: str = "", limit: int = 50) -> Sequence[StoredTrack]:
        """Stored tracks whose artist, title or id contains every word of `text`, newest first."""
        return self._calls.get("/tracks", TypeAdapter(list[StoredTrack]), text=text, limit=limit)

    def inspection(self, track_id: str) -> TrackInspection:
        """A stored track with everything behind it."""
        path = f"/tracks/{quote(track_id, safe='')}/inspection"
        return self._calls.get(path, TypeAdapter(TrackInspection))

    def inspect(self, request: InspectRequest) -> TrackInspection:
        """Ask the providers now and show everything; writes nothing to Gold."""
        body = request.model_dump(mode="json")
        return self._calls.post("/tracks/inspect", TypeAdapter(TrackInspection), body, _PROVIDER_SECONDS)

    def enqueue(self, requests: Sequence[EnrichRequest]) -> BatchAccepted:
        """Queue tracks durably."""
        body = [request.model_dump(mode="json") for request in requests]
        return self._calls.post("/enrich/batch", TypeAdapter(BatchAccepted), body)

    def batch(self, correlation_id: str) -> BatchProgress:
        """How far the tracks queued under one correlation id are."""
        path = f"/enrich/batches/{quote(correlation_id, safe='')}"
        return self._calls.get(path, TypeAdapter(BatchProgress))


def _refused(answer: httpx.Response) -> OperatorError | None:
    """The error of a waterfall not put in force, or of a preview overtaken; none for every other answer."""
    try:
        if answer.status_code == httpx.codes.GONE:
            return PreviewSupersededError("A newer preview took the place of this one.")
        if answer.status_code == httpx.codes.CONFLICT:
            conflict = WaterfallConflict.model_validate_json(answer.content)
            remedy = "Look at what changed, then apply again."
            return WaterfallConflictError(conflict.detail, remedy, conflict.in_force)
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            refusal = WaterfallRefusal.model_validate_json(answer.content)
            return OperatorError(refusal.detail, exit_code=ExitCode.REFUSED)
    except ValidationError:
        return None  # another endpoint's refusal: it is told in its own words
    return None

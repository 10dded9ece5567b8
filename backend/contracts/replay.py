"""What-if replay: a configuration run over stored provider answers, without calling anyone."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import WaterfallField


class PreviewRequest(BaseModel):
    """Body of `POST /admin/replay/preview`."""

    fields: list[WaterfallField] = Field(min_length=1, max_length=200)
    """The whole draft."""
    base_version: int | None = None
    """The version to compare with; none means the one in force."""
    tracks: int = Field(default=5000, ge=1, le=100_000)
    """At most so many stored tracks, the newest ones."""
    field: str | None = None
    """List the values that would differ of this field only; none means of all fields."""
    differences: int = Field(default=200, ge=0, le=5000)
    """At most so many differing values are listed; they are all counted."""
    editor: str = Field(default="", max_length=200)
    """Who asks, as one name for as long as the draft is edited. A newer preview of the same editor takes the
    place of one that is not answered yet, which then ends with PreviewSupersededError. Empty: none does."""


class FieldOutcome(BaseModel):
    """What one field comes to under one configuration."""

    filled: int
    mean_confidence: float | None
    """Of the values it has."""
    winners: dict[str, int] = Field(default_factory=dict)
    """Tracks whose value comes from each provider."""


class FieldComparison(BaseModel):
    """One field under the version in force and under the draft."""

    field: str
    before: FieldOutcome
    after: FieldOutcome
    differing: int
    """Tracks whose value would be another one, appear or vanish."""
    unjudged: int
    """Tracks about which the draft, or the version compared with, asks a source of which no answer is stored:
    counted neither in `differing` nor in the `filled` of the side that asks, so the true `after.filled` is
    between that and that plus this."""


class ProviderCalls(BaseModel):
    """What a configuration costs at one provider."""

    provider: str
    before: float
    """Calls a track, look-ups included."""
    after: float
    limit_per_second: float | None
    """What the gateway allows; none when it is not known."""
    hours_before: float | None
    """For the backlog, at that limit."""
    hours_after: float | None


class ValueSide(BaseModel):
    """A value under one of the two configurations, explained."""

    provider: str | None
    """None: no value."""
    value: Any = None
    confidence: float | None = None
    position: int | None = None
    match_probability: float | None = None
    detail: str = ""
    """Why there is no value, or why this one: a short sentence."""


class ValueDifference(BaseModel):
    """One value that would be another one."""

    track_id: str
    artist_name: str
    track_title: str
    field: str
    before: ValueSide
    after: ValueSide


class DominatedStep(BaseModel):
    """A step of the draft that costs calls and wins nothing, or next to nothing."""

    field: str
    provider: str
    position: int
    wins: int
    asked: int
    """Tracks for which the walk came to this step."""
    advice: str


class ReplayComparison(BaseModel):
    """Answer of `POST /admin/replay/preview`."""

    base_version: int
    tracks: int
    responses: int
    """Stored answers it was judged by."""
    evidence_until: datetime | None
    """Received time of the newest stored answer taken into account."""
    fields: list[FieldComparison]
    differing: int
    unjudged: int
    """Pairs of track and field that cannot be judged."""
    judged_share: float | None
    """Of all pairs of track and field; none without tracks."""
    calls_per_track_before: float
    calls_per_track_after: float
    providers: list[ProviderCalls]
    backlog_tracks: int = 10_000
    bottleneck_before: str | None
    """The provider that the backlog waits for."""
    bottleneck_after: str | None
    differences: list[ValueDifference]
    dominated: list[DominatedStep]
    milliseconds: float
    """Time the comparison took, loading of stored answers included."""


class PreviewSupersededError(OperatorError):
    """A newer preview of the same editor took the place of this one; nothing went wrong."""


class ReplayRunStatus(StrEnum):
    """Where a replay run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReplayRunRequest(BaseModel):
    """Body of `POST /admin/replay/runs`: resolve stored tracks again. Nobody is called."""

    track_ids: list[str] | None = Field(default=None, max_length=100_000)
    """None: every track with stored answers."""
    config_version: int | None = None
    """None: the version in force when the run begins."""
    fields: list[str] = Field(default_factory=list)
    """Only these; empty: all fields of the configuration."""
    promote: bool = False
    """Write what differs to Gold; else differences are only recorded."""
    author: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


class ReplayRun(BaseModel):
    """A replay run with its progress."""

    id: str
    status: ReplayRunStatus
    config_version: int | None
    promote: bool
    author: str
    reason: str
    total_tracks: int
    done_tracks: int
    differing_values: int
    unjudged_values: int
    promoted_tracks: int
    error: str = ""
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

"""What operators do to dead letters, one at a time and many at once.

An operation acts on the letters that were counted when it was made, never on a live filter: its membership is
frozen, and every member ends in exactly one outcome. It lives in the service; the console that started it may
go.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from backend.contracts.dead_letter_views import Selection
from backend.contracts.errors import OperatorError

Author = Field(min_length=1, max_length=200)
Reason = Field(min_length=1, max_length=2000)


class OperationKind(StrEnum):
    """What is done to each member."""

    RETRY = "retry"
    """Send the chosen revision, else the original bytes, to the original queue."""
    PATCH = "patch"
    """Apply a JSON Patch as a new revision, then retry."""
    DISCARD = "discard"
    UNDO = "undo"
    """Take another operation's discards or quarantines back."""
    QUARANTINE = "quarantine"
    RELEASE = "release"
    """Out of quarantine: failed again."""
    RESOLVE = "resolve"
    """In flight without news: an operator says that it was processed, with the reason as the proof."""


class OperationState(StrEnum):
    """Where an operation stands."""

    FROZEN = "frozen"
    """Membership is fixed and counted; nothing happened yet."""
    SCHEDULED = "scheduled"
    """Waits for its time or its condition."""
    CANARY = "canary"
    """The sample is being sent."""
    DECIDING = "deciding"
    """The sample is back; somebody has to accept or cancel."""
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


FINISHED_STATES = (OperationState.COMPLETED, OperationState.CANCELLED, OperationState.FAILED)


class ItemOutcome(StrEnum):
    """What became of one member."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    """The broker has it; the outcome is not known yet."""
    RETURNED = "returned"
    """Failed again."""
    RESOLVED = "resolved"
    DONE = "done"
    """The change of a kind that sends nothing."""
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class RetryCondition(BaseModel):
    """Start when both hold: the breaker has been closed that long, and that much budget is left."""

    provider: str
    closed_minutes: float = Field(default=10, ge=0, le=1440)
    budget_share: float = Field(default=0.0, ge=0, le=1)
    """Of the provider's limit that must be left."""


class OperationOptions(BaseModel):
    """How an operation goes about it."""

    per_second: float | None = Field(default=None, gt=0, le=10_000)
    """Letters a second; none: as fast as the broker takes them."""
    budget_share: float = Field(default=0.5, gt=0, le=1)
    """The most that retries may take of each provider's limit; live traffic has the rest."""
    respect_budget: bool = True
    """Keep to the providers' limits as well as to `per_second`."""
    canary: int = Field(default=20, ge=0, le=200)
    """Size of the sample that goes first; 0: none."""
    accept_share: float | None = Field(default=None, ge=0, le=1)
    """Go on by itself when at least this share of the sample succeeded; none: somebody decides."""
    tripwire_window: int = Field(default=20, ge=1, le=200)
    tripwire_limit: int = Field(default=5, ge=1, le=200)
    """Pause when so many of the last `tripwire_window` outcomes returned with one fingerprint."""
    skip_superseded: bool = True
    """Leave out letters whose track was enriched by a later message."""
    include_quarantined: bool = False
    patch: list[dict[str, Any]] | None = None
    """A JSON Patch (RFC 6902), for kind `patch`."""
    not_before: datetime | None = None
    when: RetryCondition | None = None


class Share(BaseModel):
    """A part of a count."""

    name: str
    count: int


class PatchTrial(BaseModel):
    """A JSON Patch tried on all members without keeping anything."""

    applies: int
    fails: int
    unchanged: int
    failures: list[Share] = Field(default_factory=list)
    """Why it fails, most first; at most 20."""
    samples: list["PatchSample"] = Field(default_factory=list)


class PatchSample(BaseModel):
    """One payload before and after."""

    message_id: str
    before: str
    after: str


class OperationPreview(BaseModel):
    """What an operation would do, before anything happens; `POST /dlq/operations/preview`."""

    kind: OperationKind
    matching: int
    """Letters that the selection matches."""
    acting: int
    """Of those, the ones it would act on."""
    counts_are_exact: bool = True
    """False: from the tallies or a sample, because the exact count would take longer than a second."""
    skipped: list[Share]
    """Why the others are left out: superseded, held by another operation, quarantined, wrong state."""
    by_cause: list[Share]
    by_provider: list[Share]
    by_age: list[Share]
    calls: list[Share]
    """Provider calls it would cause, by provider; estimated from the waterfall's calls per track."""
    seconds: float | None
    """At the chosen pace and the providers' budgets; none when it cannot be said."""
    budget_share: float | None = None
    """Of the slowest provider's hourly limit that it would take."""
    superseded: int | None = None
    """Of the `superseded_of` newest letters it would act on, those whose track was enriched since. They are
    skipped when their turn comes, if `skip_superseded` is on. None: the music database did not say."""
    superseded_of: int = 0
    """How many were looked at; less than `acting` when there are too many for all."""
    needs_typed_count: bool
    """More than 10,000 letters or a large part of a budget: the count has to be typed."""
    patch: PatchTrial | None = None
    warnings: list[str] = Field(default_factory=list)


class OperationRequest(BaseModel):
    """Body of `POST /dlq/operations` (and of its preview): freezes the membership and starts nothing."""

    kind: OperationKind
    selection: Selection
    options: OperationOptions = Field(default_factory=OperationOptions)
    author: str = Author
    reason: str = Reason
    undoes: str | None = None
    """For kind `undo`: the operation to take back."""
    title: str = Field(default="", max_length=300)


class CanaryResult(BaseModel):
    """What the sample says about the rest."""

    size: int
    resolved: int
    returned: int
    outstanding: int
    predicted: float | None
    """Share of the rest that would succeed; none while nothing is back."""
    low: float | None
    high: float | None
    """95 % interval (Wilson)."""
    returned_by_cause: list[Share] = Field(default_factory=list)


class Operation(BaseModel):
    """An operation with its progress."""

    id: str
    kind: OperationKind
    state: OperationState
    version: int
    title: str
    author: str
    reason: str
    selection: Selection
    options: OperationOptions
    total: int
    counts: dict[str, int]
    """Members by outcome; they add up to `total`."""
    state_reason: str = ""
    canary: CanaryResult | None = None
    per_second_now: float | None = None
    """Measured over the last seconds; none when nothing was sent."""
    seconds_left: float | None = None
    undoes: str | None = None
    undone_by: str | None = None
    needs_typed_count: bool = False
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class OperationItem(BaseModel):
    """One member of an operation."""

    position: int
    message_id: str
    is_canary: bool
    outcome: ItemOutcome
    detail: str
    changed_at: datetime


class OperationItemPage(BaseModel):
    """`GET /dlq/operations/{id}/items?outcome=&after=`."""

    items: list[OperationItem]
    after: int | None = None
    """Position to ask for more from; none at the end."""


class OperationCommand(StrEnum):
    """What can be asked of an operation."""

    START = "start"
    ACCEPT = "accept"
    """The sample is good enough: send the rest."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    """No new sending; what is at the broker is waited for. What was sent stays sent."""
    PACE = "pace"
    """Change `per_second` while it runs."""


class OperationControl(BaseModel):
    """Body of `POST /dlq/operations/{id}/control`; 409 when `version` is no longer the present one."""

    command: OperationCommand
    version: int
    author: str = Author
    reason: str = Field(default="", max_length=2000)
    typed_count: int | None = None
    """For `start` where the count has to be typed."""
    per_second: float | None = Field(default=None, gt=0, le=10_000)
    """For `pace`; none: as fast as possible."""


class LetterEdit(BaseModel):
    """Body of `POST /dlq/letters/{message_id}/edit`: a new revision; 409 when `version` is an older one."""

    version: int
    payload_text: str | None = Field(default=None, max_length=20_000_000)
    payload_base64: str | None = Field(default=None, max_length=30_000_000)
    """Exactly one of both. Text is kept byte for byte as UTF-8; nothing is parsed and written again."""
    retry: bool = False
    """Send the revision at once, in the same transaction."""
    author: str = Author
    reason: str = Reason


class LetterAttributes(BaseModel):
    """Body of `PUT /dlq/letters/{message_id}/attributes`: owner, note, priority and labels are no states."""

    version: int
    owner: str | None = Field(default=None, max_length=200)
    note: str = Field(default="", max_length=10_000)
    priority: int = Field(default=0, ge=-10, le=10)
    labels: list[str] = Field(default_factory=list, max_length=50)
    author: str = Author


class LetterCommand(StrEnum):
    """What can be done to one letter at once."""

    RETRY = "retry"
    DISCARD = "discard"
    UNDO = "undo"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    RESOLVE = "resolve"
    GIVE_UP_WAITING = "give_up_waiting"
    """In flight without news: failed again, so that it can be sent again."""


class LetterControl(BaseModel):
    """Body of `POST /dlq/letters/{message_id}/control`; 409 when `version` is not the present one."""

    command: LetterCommand
    version: int
    author: str = Author
    reason: str = Field(default="", max_length=2000)


class ExportRequest(BaseModel):
    """Body of `POST /dlq/export`: a sealed bundle (.tar.gz) of up to 10,000 letters, secrets masked."""

    selection: Selection
    author: str = Author


class DeadLetterConflictError(OperatorError):
    """Somebody or something else changed it first; nothing was done. Look again and decide again."""

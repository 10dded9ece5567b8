"""Dead letters as the triage screen sees them: pages of rows, causes, the time strip, the meter, one letter.

Every list is paged by a cursor, never by an offset, and counts come from tallies, so that a million open
letters cost what a hundred do.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from backend.contracts.dead_letters import OPEN_STATES, AuditEntry, DeadLetterState

EVENT_METER = "meter"
EVENT_OPERATION = "operation"
"""`GET /dlq/events` sends server-sent events: `meter` with a Meter at least once a second, `operation`
with an Operation whenever one changes."""


class Selection(BaseModel):
    """Which letters are meant: a predicate, however many it matches. All parts must hold; empty parts do."""

    states: list[DeadLetterState] = Field(default_factory=lambda: list(OPEN_STATES))
    query: str = Field(default="", max_length=2000)
    """In the language of `backend.contracts.dead_letter_query`, such as `artist:deadmau5 attempts:>2`."""
    fingerprint: str | None = None
    failed_from: datetime | None = None
    failed_until: datetime | None = None
    """Exclusive, as the end of every time range."""
    message_ids: list[str] | None = Field(default=None, max_length=1000)
    """Only these, as picked by hand."""
    except_ids: list[str] = Field(default_factory=list, max_length=1000)
    operation_id: str | None = None
    """Only letters that this operation holds or sent last."""


class LetterRow(BaseModel):
    """A letter in the table, without its payload."""

    message_id: str
    state: DeadLetterState
    version: int
    artist: str | None
    title: str | None
    provider: str | None
    error_type: str
    error_message: str
    fingerprint: str
    attempts: int
    """Failures, the first one included."""
    failed_at: datetime
    first_failed_at: datetime
    owner: str | None = None
    operation_id: str | None = None
    is_stale: bool = False
    """In flight for so long that an outcome should have come: shown, never decided by the clock."""


class LetterPage(BaseModel):
    """`POST /dlq/page`: rows after (or before) a cursor, newest failure first.

    `following` and `preceding` are cursors for the neighbouring pages; none where there is nothing.
    """

    rows: list[LetterRow]
    following: str | None = None
    preceding: str | None = None
    total: int
    total_is_exact: bool
    """False: at least `total`; counting stopped there."""
    position: int | None = None
    """Rows before the first of the page, when that is known."""


class PageRequest(BaseModel):
    """Body of `POST /dlq/page`. One of `after`, `before`, `around`, `at_fraction` at most; none: page one."""

    selection: Selection = Field(default_factory=Selection)
    limit: int = Field(default=200, ge=1, le=1000)
    after: str | None = None
    before: str | None = None
    around: datetime | None = None
    """Jump: the page that begins with the newest letter not newer than this."""
    at_fraction: float | None = Field(default=None, ge=0, le=1)
    """Jump of a scroll bar: about this far through the whole selection, found by the tallies."""


class CauseNote(BaseModel):
    """What people know about a cause; stays with the fingerprint over recurrences."""

    version: int = 0
    owner: str | None = None
    note: str = ""
    runbook: str = ""
    last_outcome: dict[str, Any] | None = None
    changed_by: str = ""
    changed_at: datetime | None = None


class CauseNoteChange(BaseModel):
    """Body of `PUT /dlq/causes/{fingerprint}/note`; 409 when `version` is no longer the present one."""

    version: int = Field(ge=0)
    owner: str | None = Field(default=None, max_length=200)
    note: str = Field(default="", max_length=10_000)
    runbook: str = Field(default="", max_length=2000)
    author: str = Field(min_length=1, max_length=200)


class IntervalKind(StrEnum):
    """What was known to be wrong."""

    BREAKER_OPEN = "breaker_open"
    QUOTA = "quota"
    DEPLOYMENT = "deployment"


class Interval(BaseModel):
    """A time in which something was known to be wrong; `ended_at` none while it lasts."""

    kind: IntervalKind
    subject: str
    """The provider; for a deployment the environment."""
    source_key: str = Field(min_length=1, max_length=500)
    """Names it at its source, so that it is recorded once, and its end is found."""
    started_at: datetime
    ended_at: datetime | None = None
    detail: str = ""


class Explanation(BaseModel):
    """A share of a cause's letters that failed within an interval."""

    interval: Interval
    count: int
    share: float


class Cause(BaseModel):
    """Letters that failed in the same way; an element of `GET /dlq/causes`."""

    fingerprint: str
    title: str
    """The cause in a few words, such as `503 from discogs`."""
    detail: str
    """Where it struck: provider, place or field."""
    provider: str | None
    outcome_class: str | None
    error_type: str
    sample_message: str
    open: int
    """Letters of it that are not over."""
    pending: int
    """Of those, the ones waiting for somebody: failed or quarantined."""
    by_state: dict[str, int]
    first_seen: datetime
    last_seen: datetime | None
    trend: list[int] = Field(default_factory=list)
    """Open letters by the time they failed: the last hour in 12 slices, oldest first."""
    explained: list[Explanation] = Field(default_factory=list)
    """By intervals, the largest share first."""
    note: CauseNote = Field(default_factory=CauseNote)
    bounces: bool = False
    """Letters of it that are open came back with it at least twice."""


class CauseList(BaseModel):
    """Answer of `GET /dlq/causes`: those with open letters, most first; at most 500."""

    causes: list[Cause]
    more: int = 0
    """Causes with open letters beyond those."""
    at: datetime


class TimeSlice(BaseModel):
    """Open letters that failed within a slice."""

    start: datetime
    count: int


class TimeStrip(BaseModel):
    """`GET /dlq/timeline?from=&until=&fingerprint=`: slices of equal length, quiet ones included."""

    slice_seconds: float
    slices: list[TimeSlice]
    intervals: list[Interval]


class IntervalReport(BaseModel):
    """Body of `POST /dlq/intervals`: deployments and rollbacks, as their engine knows them.

    An interval is known by its `source_key`: sent again, it replaces what was said of it before.
    """

    intervals: list[Interval] = Field(min_length=1, max_length=100)


class IntervalsKept(BaseModel):
    """Answer of `POST /dlq/intervals`."""

    kept: int


class ProblemKind(StrEnum):
    """What a sentence of `Meter.problems` is about."""

    NOT_CONSUMED = "not_consumed"
    """A queue is not consumed: its letters wait in the broker."""
    UNSAFE_QUEUE = "unsafe_queue"
    """A queue or policy could lose messages; it is not used until that is mended."""
    POLICIES_UNCHECKED = "policies_unchecked"
    """Nobody could look whether a policy makes a queue unsafe: not known, rather than wrong."""
    DISK_FULL = "disk_full"
    """PostgreSQL has no space left; nothing is dropped, letters wait in the broker."""
    NOT_SENT = "not_sent"
    """Letters to be sent again wait, because broker or database does not take them."""
    CRASH_LOOP = "crash_loop"
    """Messages on which the manager died are taken in one at a time, or were set aside."""
    UNSAFE_DATABASE = "unsafe_database"
    """PostgreSQL's settings allow a crash to lose what was acknowledged."""
    DEPTHS_UNKNOWN = "depths_unknown"
    """The broker does not say how much waits in its queues."""


class Meter(BaseModel):
    """Conservation: everything ever received is somewhere. `GET /dlq/meter`.

    `received` is counted with the bytes as they come in, `by_state` as letters change; both add up or
    something is wrong. `verified_at` is when all rows were last counted one by one, and
    `verified_difference` what that count differed by.
    """

    at: datetime
    received: int
    by_state: dict[str, int]
    difference: int
    """Received minus the sum of the states; 0 is the only good value."""
    verified_at: datetime | None = None
    verified_difference: int | None = None
    broker: dict[str, int] | None = None
    """Waiting in the queues, not taken in yet; none when the broker does not say."""
    problems: list[str] = Field(default_factory=list)
    """Queues and policies that could lose a message, and what else threatens: each a sentence."""
    problem_kinds: list[ProblemKind] = Field(default_factory=list)
    """What each of `problems` is about, in the same order."""


class AttemptEntry(BaseModel):
    """One failure of a letter."""

    generation: int
    provider: str | None
    outcome_class: str | None
    error_type: str
    error_message: str
    stack_trace: str | None
    place: str
    fingerprint: str
    failed_at: datetime


class RevisionEntry(BaseModel):
    """One edit of a letter's payload."""

    number: int
    author: str
    reason: str
    created_at: datetime
    payload_text: str
    payload_base64: str
    sha256: str
    patch: list[dict[str, Any]] | None = None


class Superseded(BaseModel):
    """A later success that makes a letter superfluous."""

    track_id: str
    request_id: str
    enriched_at: datetime


class LetterDetail(LetterRow):
    """`GET /dlq/letters/{message_id}`: one letter with everything about it."""

    routing_key: str
    source_service: str
    correlation_id: str | None
    trace_id: str | None
    track_id: str | None
    """By which it is found in the medallion layers."""
    generation: int
    reason: str
    proof: dict[str, Any] | None
    headers: dict[str, Any]
    content_type: str
    payload_text: str | None
    """The original bytes as text, undecodable ones marked; none when purged, cut at 1 MB."""
    payload_base64: str | None
    """The original bytes; none when purged or above 1 MB (`GET /dlq/payloads/{id}` has them)."""
    payload_bytes: int
    payload_sha256: str
    revision: int | None
    """The revision that is sent next; none: the original."""
    revisions: list[RevisionEntry]
    attempt_list: list[AttemptEntry]
    audit: list[AuditEntry]
    note: str = ""
    priority: int = 0
    labels: list[str] = Field(default_factory=list)
    scheduled_for: datetime | None = None
    purge_at: datetime | None = None
    """For a resolved or discarded one: when its bytes go, by retention."""
    superseded: Superseded | None = None
    """Of one that waits: its track was enriched after it failed, so that sending it again is not needed."""
    superseded_is_known: bool = True
    """False: the music database could not be asked."""

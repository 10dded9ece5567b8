"""What the API gateway says on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from backend.contracts.providers import BreakerState, BreakerStatus, ProviderStatus


class Outcome(StrEnum):
    """How a provider call ended (classes of the design's section 4A)."""

    OK = "ok"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    QUOTA = "quota"
    CREDENTIAL = "credential"
    CAPABILITY_GONE = "capability_gone"
    BAD_REQUEST = "bad_request"
    CONTRACT = "contract"
    EMPTY_SUSPECT = "empty_suspect"
    """Nothing found, while this query form finds nothing far more often than it used to."""
    FAILURE = "failure"
    BREAKER_OPEN = "breaker_open"


LANE_HEADER = "X-SongNodes-Lane"
"""Request header of `/api/…`: the call's `Lane`."""


class Lane(StrEnum):
    """Which calls go first when a provider's limit makes them wait.

    The header decides; without it the reference's query parameter `priority`, from 1 to 10, where 7 and
    above mean interactive; without either a call is interactive.
    """

    INTERACTIVE = "interactive"
    """Somebody waits for the answer: it gets the next slot."""
    BULK = "bulk"
    """Takes what interactive calls leave, evenly spread."""


class SearchRequest(BaseModel):
    """Body of `POST /api/{provider}/search`. The reference's names `artist` and `title` are taken too."""

    model_config = ConfigDict(populate_by_name=True)

    artist_name: str = Field(min_length=1, validation_alias=AliasChoices("artist_name", "artist"))
    track_title: str = Field(min_length=1, validation_alias=AliasChoices("track_title", "title"))
    isrc: str | None = None
    limit: int = Field(default=10, ge=1, le=50)


class TrackCandidate(BaseModel):
    """One track as a provider describes it, in common terms. A field the provider left out is None."""

    provider: str
    provider_id: str
    title: str
    artists: list[str]
    version: str | None = None
    album: str | None = None
    release_id: str | None = None
    """The provider's identifier of the release; MusicBrainz' is the one that the Cover Art Archive takes."""
    label: str | None = None
    catalogue_number: str | None = None
    isrc: str | None = None
    release_date: str | None = None
    """ISO 8601 with the precision known: `2009`, `2009-09` or `2009-09-22`."""
    duration_ms: int | None = None
    bpm: float | None = None
    key: str | None = None
    genres: list[str] = Field(default_factory=list)
    explicit: bool | None = None
    popularity: float | None = None
    """0 to 1, within the provider."""
    artwork_url: str | None = None
    url: str | None = None


class SearchResponse(BaseModel):
    """Answer of a search: `success` with hits, `partial` without any, else why not."""

    status: str
    provider: str
    query: dict[str, Any]
    outcome: Outcome
    results: list[TrackCandidate]
    cached: bool = False
    response_id: str | None = None
    """Row of `raw_api_responses` that keeps the provider's bytes; none when nothing was called."""
    retry_at: datetime | None = None
    """When the breaker or the rate gate lets calls through again, if it held this one back."""
    detail: str = ""


class TrackResponse(BaseModel):
    """Answer of a look-up by the provider's own identifier."""

    status: str
    """`success`, `not_found`, else why there is no answer, as in `SearchResponse`."""
    provider: str
    track_id: str
    outcome: Outcome
    data: TrackCandidate | None = None
    cached: bool = False
    response_id: str | None = None
    retry_at: datetime | None = None
    detail: str = ""


class CacheStatus(BaseModel):
    """One provider's share of the answer cache; the value of `GET /admin/cache/stats`."""

    hits: int
    misses: int
    errors: int
    """Calls that ended without an answer that may be kept."""
    hit_ratio: float
    entries: int
    """In the memory of this replica."""
    negative_hits: int = 0
    """Hits that said that the provider has no such track."""
    stale_answers: int = 0
    """Answers past their time: given while a newer one was fetched, or because the provider failed."""
    shared_hits: int = 0
    """Hits that came from Redis or from another replica's call."""
    refreshes: int = 0
    """Newer answers fetched behind the asker's back."""


class InvalidationResult(BaseModel):
    """Answer of `POST /admin/cache/invalidate`."""

    status: str
    """`invalidated`, or `local_only`: other replicas learn of it once Redis answers again."""
    provider: str
    operation: str | None
    """None: all of the provider's."""
    forgotten: int
    """Entries this replica held in memory."""
    audit_id: int | None = None
    """Row of the audit; none when the database is away (the row is written when it is back)."""


class ResetResult(BaseModel):
    """Answer of `POST /admin/circuit-breakers/{provider}/reset`."""

    provider: str
    status: str
    new_state: BreakerState
    epoch: int


class BreakerOverview(BreakerStatus):
    """The value of `GET /admin/circuit-breakers`: the worst breaker, the reference's keys, every breaker."""

    failure_count: int
    last_failure_time: datetime | None
    endpoints: dict[str, BreakerStatus]


class GatewayHealth(BaseModel):
    """Answer of the gateway's `/health`, the reference's names included."""

    status: str
    service: str
    version: str
    release: str
    timestamp: datetime
    api_clients: dict[str, ProviderStatus]
    circuit_breakers: dict[str, BreakerState]
    adapters: list[str]
    implementation: str = ""
    """Where breakers and budgets are kept: `redis` or `local`."""
    connections: dict[str, str]
    """`database`, `recorder`, `operations` (the operators' states) and, where replicas share one, `redis`:
    `healthy`, or what is wrong."""

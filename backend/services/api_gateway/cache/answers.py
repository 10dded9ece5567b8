"""An answer that is kept: what is in it, and for how long it holds.

Only answers are kept, errors never. A provider's "not found" is an answer too; it is kept for a day and
longer each time it repeats, up to a week. All times are Unix times, so that replicas can share them.
"""

from dataclasses import dataclass
from enum import Enum, auto

from pydantic import TypeAdapter

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.providers.adapter import Reply

DAY = 86_400.0
REVALIDATE_SECONDS = DAY
"""How long past its time an answer is still given at once, while a newer one is fetched."""
STALE_SECONDS = 7 * DAY
"""How long past its time an answer may still stand in for a provider that fails."""
REFRESH_PAUSE_SECONDS = 60.0
"""How long after a refresh that failed the next one waits."""
_NEGATIVE_CAP = 7 * DAY
_NOTHING = b"[]"

Key = tuple[str, ...]
"""Provider, operation, adapter version, then the normalised parameters, each in its own place: parameters
joined into one text would let `a:b`/`c` answer `a`/`b:c`."""

OPERATIONS = ("search", "track")
"""Values of a key's second place."""

CANDIDATES = TypeAdapter(tuple[TrackCandidate, ...])


class Freshness(Enum):
    """What an entry is good for."""

    FRESH = auto()
    STALE = auto()
    """Given at once, while a newer answer is fetched."""
    SPARE = auto()
    """Given only if the provider fails."""
    EXPIRED = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer."""

    results: bytes
    """The candidates as a JSON array, as they go out; empty: the provider has no such track."""
    response_id: str | None
    """Row of `raw_api_responses` with the provider's bytes."""
    fresh_until: float
    misses: int = 0
    """How often in a row the provider had nothing."""
    refresh_after: float = 0.0
    """No refresh before this moment: the last one failed."""
    generation: str = ""
    """What had been invalidated when the answer was asked for."""

    @property
    def found(self) -> bool:
        """Whether there are candidates."""
        return self.results != _NOTHING

    @property
    def gone_at(self) -> float:
        """When it is of no use any more."""
        return self.fresh_until + STALE_SECONDS

    def freshness(self, now: float) -> Freshness:
        """What it is good for now. "Not found" past its time is only good for counting repetitions."""
        if now <= self.fresh_until:
            return Freshness.FRESH
        if now > self.gone_at:
            return Freshness.EXPIRED
        if self.found and now <= self.fresh_until + REVALIDATE_SECONDS:
            return Freshness.STALE
        return Freshness.SPARE

    def reply(self, detail: str = "") -> Reply:
        """As if the provider had just said it."""
        outcome = Outcome.OK if self.found else Outcome.NOT_FOUND
        candidates = CANDIDATES.validate_json(self.results)
        return Reply(outcome, candidates, response_id=self.response_id, detail=detail)


def is_answer(reply: Reply) -> bool:
    """Whether a reply may be kept: candidates, or the provider's word that it has none."""
    return reply.outcome is Outcome.NOT_FOUND or (reply.outcome is Outcome.OK and bool(reply.candidates))


def entry_for(
    reply: Reply, now: float, positive_seconds: float, before: Entry | None, generation: str = ""
) -> Entry:
    """An entry for a reply that `is_answer`; `before` is what the cache held for the same key."""
    if reply.outcome is Outcome.OK:
        results = CANDIDATES.dump_json(tuple(reply.candidates))
        return Entry(results, reply.response_id, now + positive_seconds, generation=generation)
    misses = 1 + (before.misses if before is not None else 0)
    seconds = min(DAY * 2 ** (misses - 1), _NEGATIVE_CAP)
    return Entry(_NOTHING, reply.response_id, now + seconds, misses, generation=generation)


def search_key(provider: str, version: int, query: SearchRequest) -> Key:
    """The key of a search."""
    return (*search_kind(provider, version), *search_words(query))


def search_kind(provider: str, version: int) -> Key:
    """What the keys of all searches at a provider begin with."""
    return (provider, "search", str(version))


def search_words(query: SearchRequest) -> tuple[str, ...]:
    """What a search's key says of the query. Case and spacing make no other question."""
    isrc = _normal(query.isrc) if query.isrc else ""
    return (_normal(query.artist_name), _normal(query.track_title), isrc, str(query.limit))


def track_key(provider: str, version: int, track_id: str) -> Key:
    """The key of a look-up by the provider's identifier."""
    return (provider, "track", str(version), track_id)


def _normal(words: str) -> str:
    return " ".join(words.casefold().split())

"""What happened at one provider within the last minute, at a fixed cost a call and in bounded memory."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil

from backend.contracts.gateway import Outcome
from backend.contracts.providers import LastError, TrafficStatus
from backend.services.api_gateway.breakers.model import Verdict
from backend.services.api_gateway.outcomes import verdict_of

WINDOW_SECONDS = 60.0
_BUCKETS = 12
_WIDTH = WINDOW_SECONDS / _BUCKETS
_LATENCIES = 1_024
"""More than any provider's documented limit allows in a minute; beyond, the newest are what counts."""


@dataclass
class _Bucket:
    """Five seconds. `number` counts them from the clock's start, so that an old one is recognised."""

    number: int = -1
    outcomes: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    cache_hits: int = 0
    cache_misses: int = 0


class Traffic:
    """Counts calls, rejections and cache answers as they happen; `status` adds the last minute up."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets = [_Bucket() for _ in range(_BUCKETS)]
        self._latencies: deque[tuple[float, float]] = deque(maxlen=_LATENCIES)
        self._last_error: LastError | None = None
        self._last_failure: datetime | None = None

    def called(self, outcome: Outcome, milliseconds: float) -> None:
        """A call to the provider ended."""
        self._current().outcomes[outcome.value] += 1
        self._latencies.append((self._clock(), milliseconds))
        if verdict_of(outcome) is Verdict.FAILURE:
            self._last_failure = datetime.now(UTC)

    def rejected(self) -> None:
        """The breaker refused a call."""
        self._current().rejected += 1

    def answered_from_cache(self) -> None:
        """The cache had the answer."""
        self._current().cache_hits += 1

    def answered(self) -> None:
        """The cache was asked in vain."""
        self._current().cache_misses += 1

    def erred(self, error: LastError) -> None:
        """The newest answer that was not a usable one."""
        self._last_error = error

    def status(self) -> TrafficStatus:
        """The last minute, in steps of five seconds. The last error stays however old it is."""
        oldest = int(self._clock() / _WIDTH) - _BUCKETS + 1
        recent = [bucket for bucket in self._buckets if bucket.number >= oldest]
        outcomes: Counter[str] = sum((bucket.outcomes for bucket in recent), Counter())
        since = self._clock() - WINDOW_SECONDS
        latencies = sorted(milliseconds for moment, milliseconds in self._latencies if moment > since)
        return TrafficStatus(
            window_seconds=WINDOW_SECONDS,
            calls=outcomes.total(),
            outcomes=dict(outcomes),
            rejected=sum(bucket.rejected for bucket in recent),
            p50_ms=_percentile(latencies, 0.50),
            p95_ms=_percentile(latencies, 0.95),
            p99_ms=_percentile(latencies, 0.99),
            cache_hits=sum(bucket.cache_hits for bucket in recent),
            cache_misses=sum(bucket.cache_misses for bucket in recent),
            last_error=self._last_error,
            last_failure_at=self._last_failure,
        )

    def _current(self) -> _Bucket:
        number = int(self._clock() / _WIDTH)
        place = number % _BUCKETS
        if self._buckets[place].number != number:
            self._buckets[place] = _Bucket(number)
        return self._buckets[place]


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not exceed; none without values."""
    if not ordered:
        return None
    return round(ordered[ceil(share * len(ordered)) - 1], 3)

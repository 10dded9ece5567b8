"""A sliding time window over call results, in buckets whose totals are kept up to date."""

from dataclasses import dataclass


@dataclass
class Totals:
    """Results within the window."""

    calls: int = 0
    failures: int = 0
    slow: int = 0


class SlidingWindow:
    """Adding and reading cost the same however many calls there were: old buckets are subtracted once."""

    def __init__(self, seconds: float, buckets: int) -> None:
        self._width = seconds / buckets
        self._buckets = [Totals() for _ in range(buckets)]
        self._sum = Totals()
        self._latest = -1

    def add(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at `now`. Times must not run backwards."""
        self._advance(now)
        for totals in (self._buckets[self._latest % len(self._buckets)], self._sum):
            totals.calls += 1
            totals.failures += failed
            totals.slow += slow

    def totals(self, now: float) -> Totals:
        """What the window holds at `now`."""
        self._advance(now)
        return self._sum

    def clear(self) -> None:
        """Forget everything."""
        self._buckets = [Totals() for _ in self._buckets]
        self._sum = Totals()

    def _advance(self, now: float) -> None:
        current = int(now / self._width)
        if current == self._latest:
            return
        stale = range(max(self._latest + 1, current - len(self._buckets) + 1), current + 1)
        for position in stale:
            self._evict(position % len(self._buckets))
        self._latest = current

    def _evict(self, place: int) -> None:
        old = self._buckets[place]
        self._sum.calls -= old.calls
        self._sum.failures -= old.failures
        self._sum.slow -= old.slow
        self._buckets[place] = Totals()

"""A sliding time window over call results. Counting costs one addition; sums are taken when asked for."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """Results within the window."""

    calls: int = 0
    failures: int = 0
    slow: int = 0


class SlidingWindow:
    """Counts that only grow, and their marks at the start of each bucket: a sum is a difference.

    Whoever counts calls `advance` when `now >= ends` and then adds to `calls`, `failures` and `slow` itself:
    this is the path of every call, and a method for it would cost as much again.
    """

    __slots__ = ("_buckets", "_marks", "_minimum", "_width", "calls", "due", "ends", "failures", "slow")

    def __init__(self, seconds: float, buckets: int, minimum: int, now: float) -> None:
        self._width = seconds / buckets
        self._buckets = buckets
        self._minimum = minimum
        self.calls = self.failures = self.slow = 0
        self._start(now)

    def advance(self, now: float) -> None:
        """Begin the bucket that `now` falls into. Times must not run backwards."""
        elapsed = int((now - self.ends) // self._width) + 1
        for _ in range(min(elapsed, self._buckets)):
            self._marks.append(self._counts())
        self.ends += elapsed * self._width
        self._set_due()

    def totals(self, now: float) -> Totals:
        """What the window holds at `now`."""
        if now >= self.ends:
            self.advance(now)
        calls, failures, slow = self._marks[0]
        return Totals(self.calls - calls, self.failures - failures, self.slow - slow)

    def clear(self, now: float) -> None:
        """Forget everything."""
        self._start(now)

    def _start(self, now: float) -> None:
        self.ends = (now // self._width + 1) * self._width
        self._marks = deque([self._counts()] * self._buckets, maxlen=self._buckets)
        self._set_due()

    def _set_due(self) -> None:
        self.due = self._marks[0][0] + self._minimum
        """What `calls` reads when the window holds the minimum number of calls."""

    def _counts(self) -> tuple[int, int, int]:
        return self.calls, self.failures, self.slow

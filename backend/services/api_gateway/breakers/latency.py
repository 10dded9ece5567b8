"""The line above which a call counts as slow, drawn from how long a provider's calls usually take."""

from collections import deque

_SAMPLES = 32
_MEDIANS = 100


class SlowLine:
    """Seconds that are slow: `factor` times the rolling median, never below `floor`.

    The median is that of the buckets' medians over the last 100 buckets with calls (10 minutes of steady
    traffic), so that a provider which becomes slow opens the breaker long before slow becomes usual.
    """

    __slots__ = ("_factor", "_floor", "_medians", "_samples", "note", "seconds")

    def __init__(self, floor: float, factor: float) -> None:
        self._floor = floor
        self._factor = factor
        self._samples: deque[float] = deque(maxlen=_SAMPLES)
        self._medians: deque[float] = deque(maxlen=_MEDIANS)
        self.note = self._samples.append
        """Take the duration of a successful call."""
        self.seconds = floor
        """The line. It moves at the end of a bucket."""

    def end_bucket(self) -> None:
        """Draw the line anew with the bucket that ended."""
        if not self._samples:
            return
        self._medians.append(_middle(self._samples))
        self._samples.clear()
        self.seconds = max(self._floor, self._factor * _middle(self._medians))


def _middle(values: deque[float]) -> float:
    return sorted(values)[len(values) // 2]

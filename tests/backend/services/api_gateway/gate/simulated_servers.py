"""How servers count: what each says about a sequence of arrivals."""

from collections import Counter
from collections.abc import Iterator, Sequence

PHASES = 16
"""A fixed window may begin at any moment, so that many beginnings are tried."""


def over_fixed_window(arrivals: Sequence[float], calls: int, seconds: float) -> int:
    """Arrivals a server refuses that counts anew every `seconds`, at the worst of the beginnings."""
    return max(_over_from(arrivals, calls, seconds, seconds * phase / PHASES) for phase in range(PHASES))


def _over_from(arrivals: Sequence[float], calls: int, seconds: float, start: float) -> int:
    counts = Counter(int((arrival - start) // seconds) for arrival in arrivals)
    return sum(max(0, count - calls) for count in counts.values())


def over_sliding_window(arrivals: Sequence[float], calls: int, seconds: float) -> int:
    """Arrivals that have `calls` others within the `seconds` before them."""
    ordered = sorted(arrivals)
    return sum(later - earlier < seconds for earlier, later in zip(ordered, ordered[calls:], strict=False))


def over_gcra(arrivals: Sequence[float], calls: int, seconds: float, burst: int) -> int:
    """Arrivals that a server refuses by the generic cell rate algorithm, `burst` of them allowed at once."""
    return sum(_refused_by_gcra(sorted(arrivals), seconds / calls, burst))


def _refused_by_gcra(arrivals: Sequence[float], interval: float, burst: int) -> Iterator[bool]:
    expected = 0.0
    for arrival in arrivals:
        refused = arrival < expected - (burst - 1) * interval - 1e-9
        if not refused:
            expected = max(arrival, expected) + interval
        yield refused

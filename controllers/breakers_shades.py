"""When a provider was open or half-open, over all of its breakers."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from backend.contracts.live import ProviderHistory
from backend.contracts.providers import BreakerState


@dataclass(frozen=True)
class Shade:
    """A time in which the worst of a provider's breakers was open or half-open."""

    state: BreakerState
    start: datetime
    end: datetime


def shades(history: ProviderHistory, now: datetime) -> list[Shade]:
    """Intervals in order and without overlap, cut to the history's range; open outweighs half-open."""
    if not history.points:
        return []
    first = history.points[0].start
    spans = [(each.state, max(first, each.start), each.end or now) for each in history.intervals]
    edges = sorted({edge for _, start, end in spans if start < end for edge in (start, end)})
    found: list[Shade] = []
    for start, end in pairwise(edges):
        state = _worst([state for state, begin, until in spans if begin <= start and end <= until])
        if state is None:
            continue
        if found and found[-1].end == start and found[-1].state is state:
            found[-1] = Shade(state, found[-1].start, end)
        else:
            found.append(Shade(state, start, end))
    return found


def _worst(states: list[BreakerState]) -> BreakerState | None:
    for state in (BreakerState.OPEN, BreakerState.HALF_OPEN):
        if state in states:
            return state
    return None

"""Notices when a query form finds nothing far more often than it used to.

Providers break quietly: a search with field filters returned no hits at all while plain words found the same
track. Each query form is compared with its own past, because finding nothing is normal at different rates.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

_MINUTE = 60.0
_DAY = 24 * 3600.0
_RECENT_SECONDS = 10 * _MINUTE
_RECENT_CALLS = 20
_BASELINE_CALLS = 50
"""Calls that make one step of the baseline, and that there have to be before anything is judged."""
_LEAST_EXCESS = 0.3
_DEVIATIONS = 4.0


@dataclass
class _Count:
    start: float = 0.0
    calls: int = 0
    empty: int = 0

    def add(self, other: "_Count") -> None:
        self.calls += other.calls
        self.empty += other.empty

    @property
    def rate(self) -> float:
        return self.empty / self.calls


class _Form:
    """One query form: the last minutes, and the rate of empty answers before them."""

    def __init__(self, now: float) -> None:
        self._minutes: deque[_Count] = deque()
        self._left = _Count()
        self._baseline = 0.0
        self._steps = 0
        self._stepped_at = now

    def count(self, now: float, *, empty: bool) -> None:
        self._let_go(now)
        if not self._minutes or now - self._minutes[-1].start >= _MINUTE:
            self._minutes.append(_Count(now))
        self._minutes[-1].calls += 1
        self._minutes[-1].empty += int(empty)

    @property
    def is_abnormal(self) -> bool:
        """Far above the baseline: by three tenths, and by more than chance explains."""
        recent = _Count()
        for minute in self._minutes:
            recent.add(minute)
        if recent.calls < _RECENT_CALLS or not self._steps:
            return False
        usual = min(max(self._baseline, 0.01), 0.99)
        chance = _DEVIATIONS * sqrt(usual * (1 - usual) / recent.calls)
        return recent.rate - usual >= max(_LEAST_EXCESS, chance)

    def _let_go(self, now: float) -> None:
        """Minutes that are no longer recent become part of the baseline."""
        if not self._minutes or now - self._minutes[0].start <= _RECENT_SECONDS:
            return
        abnormal = self.is_abnormal
        while self._minutes and now - self._minutes[0].start > _RECENT_SECONDS:
            self._left.add(self._minutes.popleft())
        if self._left.calls >= _BASELINE_CALLS:
            self._step(now, abnormal=abnormal)

    def _step(self, now: float, *, abnormal: bool) -> None:
        """A mean at first, later a moving one that forgets half within a day.

        What is abnormal counts for its time only, lest the first hour of a fault become the standard.
        """
        by_time = 1 - 0.5 ** ((now - self._stepped_at) / _DAY)
        self._steps += 1
        weight = by_time if abnormal else max(1 / self._steps, by_time)
        self._baseline += weight * (self._left.rate - self._baseline)
        self._left, self._stepped_at = _Count(), now


class EmptyAnswers:
    """The query forms of one provider. Pure: the clock is the only thing it asks."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._forms: dict[str, _Form] = {}

    def is_suspect(self, form: str, *, empty: bool) -> bool:
        """Count an answer; true when it is empty and such answers are abnormally many of late."""
        now = self._clock()
        known = self._forms.get(form)
        if known is None:
            known = self._forms[form] = _Form(now)
        known.count(now, empty=empty)
        return empty and known.is_abnormal

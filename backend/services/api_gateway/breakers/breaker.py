"""The circuit breaker of one provider: pure state, no I/O, used from one event loop.

Semantics: failure rate over a sliding time window; neutral results (throttled, refused, cancelled) count in
neither direction; a limited number of probes when half-open, each a lease, so that a probe that never
reports cannot block recovery; every admission carries the epoch and results of an older one are dropped.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from backend.contracts.providers import BreakerState
from backend.services.api_gateway.breakers.window import SlidingWindow


class Verdict(StrEnum):
    """What a finished call says about the provider's health."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNREACHABLE = "unreachable"
    """A failure to connect at all: five in a row open at once."""
    NEUTRAL = "neutral"
    """Says nothing: throttled, refused for its contents, or cancelled by us."""


@dataclass(frozen=True)
class BreakerSettings:
    """Times in seconds. The defaults are the design's section 4B."""

    minimum_calls: int = 10
    failure_rate: float = 0.5
    slow_seconds: float = 5.0
    slow_rate: float = 0.8
    unreachable_in_a_row: int = 5
    open_seconds: float = 15.0
    open_seconds_cap: float = 600.0
    jitter: float = 0.2
    probes: int = 3
    probes_at_once: int = 2
    probes_to_close: int = 2
    probes_to_reopen: int = 2
    lease_seconds: float = 20.0
    """Longer than the longest call: a probe that has not reported by then is given up as failed."""


@dataclass(frozen=True)
class Permit:
    """Leave to make one call; hand it back with `Breaker.report`."""

    epoch: int
    number: int


@dataclass(frozen=True)
class Rejection:
    """No call now. `retry_in`: seconds until asking again makes sense."""

    state: BreakerState
    reason: str
    retry_in: float


@dataclass(frozen=True)
class Transition:
    """A change of state. `retry_in`: seconds until probes are let through, when it opened."""

    from_state: BreakerState
    to_state: BreakerState
    reason: str
    epoch: int
    failures: int
    retry_in: float | None


class Breaker:
    """`admit` before a call, `report` after it. Every change of state is told to `on_transition`."""

    def __init__(
        self,
        settings: BreakerSettings,
        clock: Callable[[], float],
        on_transition: Callable[[Transition], None],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_transition = on_transition
        self._draw = draw
        self._window = SlidingWindow(seconds=60, buckets=10)
        self._state = BreakerState.CLOSED
        self._since = clock()
        self._epoch = 0
        self._reason = ""
        self._retry_at: float | None = None
        self._exponent = 0
        self._unreachable = 0
        self._issued = 0
        self._probes: dict[int, float] = {}
        self._probe_results: list[Verdict] = []
        self.opened_total = 0

    @property
    def state(self) -> BreakerState:
        """The state as of the last call; OPEN turns HALF_OPEN when the next call asks."""
        return self._state

    @property
    def epoch(self) -> int:
        """Counts the changes of state."""
        return self._epoch

    @property
    def reason(self) -> str:
        """Why the breaker is in its state; empty when nothing ever happened."""
        return self._reason

    @property
    def minimum_calls(self) -> int:
        """Calls the window needs before its failure rate means anything."""
        return self._settings.minimum_calls

    @property
    def seconds_in_state(self) -> float:
        """How long the present state has lasted."""
        return self._clock() - self._since

    @property
    def retry_in(self) -> float | None:
        """Seconds until probes are let through; none unless open."""
        return None if self._retry_at is None else max(0.0, self._retry_at - self._clock())

    def counts(self) -> tuple[int, int]:
        """Calls and failed calls in the window."""
        totals = self._window.totals(self._clock())
        return totals.calls, totals.failures

    def admit(self) -> Permit | Rejection:
        """Leave for one call, or why not. Exactly `probes` are let through before a half-open verdict."""
        now = self._clock()
        if self._state is BreakerState.OPEN and self._retry_at is not None and now >= self._retry_at:
            self._change(BreakerState.HALF_OPEN, "waiting time is over, probing")
        if self._state is BreakerState.HALF_OPEN:
            self._expire_leases(now)
        if self._state is BreakerState.OPEN:
            return Rejection(self._state, self._reason, self.retry_in or 0.0)
        if self._state is BreakerState.HALF_OPEN and not self._probe_is_free():
            return Rejection(self._state, "probes are under way", 1.0)
        self._issued += 1
        if self._state is BreakerState.HALF_OPEN:
            self._probes[self._issued] = now + self._settings.lease_seconds
        return Permit(self._epoch, self._issued)

    def report(self, permit: Permit, verdict: Verdict, seconds: float = 0.0) -> None:
        """Take the result of a permitted call that took `seconds`."""
        if permit.epoch != self._epoch:
            return
        if self._state is BreakerState.HALF_OPEN:
            self._report_probe(permit, verdict)
        elif self._state is BreakerState.CLOSED and verdict is not Verdict.NEUTRAL:
            self._report_call(verdict, seconds)

    def reset(self, reason: str) -> None:
        """Close by an operator's hand: window and waiting times start afresh."""
        self._exponent = 0
        self._change(BreakerState.CLOSED, reason)

    def _report_call(self, verdict: Verdict, seconds: float) -> None:
        now = self._clock()
        failed = verdict is not Verdict.SUCCESS
        self._window.add(now, failed=failed, slow=seconds >= self._settings.slow_seconds)
        self._unreachable = self._unreachable + 1 if verdict is Verdict.UNREACHABLE else 0
        if reason := self._reason_to_open(now):
            self._open(reason)

    def _reason_to_open(self, now: float) -> str:
        settings, totals = self._settings, self._window.totals(now)
        if self._unreachable >= settings.unreachable_in_a_row:
            return f"could not be reached {self._unreachable} times in a row"
        if totals.calls < settings.minimum_calls:
            return ""
        if totals.failures / totals.calls >= settings.failure_rate:
            return f"{totals.failures} of {totals.calls} calls failed within a minute"
        if totals.slow / totals.calls >= settings.slow_rate:
            return f"{totals.slow} of {totals.calls} calls took over {settings.slow_seconds:g} s"
        return ""

    def _probe_is_free(self) -> bool:
        used = len(self._probes) + len(self._probe_results)
        return used < self._settings.probes and len(self._probes) < self._settings.probes_at_once

    def _report_probe(self, permit: Permit, verdict: Verdict) -> None:
        if self._probes.pop(permit.number, None) is None:
            return
        if verdict is not Verdict.NEUTRAL:  # a neutral probe only gives its permit back
            self._take_probe_result(verdict)

    def _take_probe_result(self, verdict: Verdict) -> None:
        self._probe_results.append(verdict)
        successes = self._probe_results.count(Verdict.SUCCESS)
        failures = len(self._probe_results) - successes
        if successes >= self._settings.probes_to_close:
            self._change(BreakerState.CLOSED, f"{successes} probes succeeded")
        elif failures >= self._settings.probes_to_reopen:
            self._open(f"{failures} probes failed")

    def _expire_leases(self, now: float) -> None:
        for number in [number for number, ends in self._probes.items() if now >= ends]:
            if self._state is BreakerState.HALF_OPEN:
                del self._probes[number]
                self._take_probe_result(Verdict.FAILURE)

    def _open(self, reason: str) -> None:
        settings = self._settings
        if self._state is BreakerState.CLOSED:  # forgiving by one step per healthy minute, not all at once
            self._exponent = max(0, self._exponent - int(self.seconds_in_state // 60))
        seconds = min(settings.open_seconds * 2**self._exponent, settings.open_seconds_cap)
        seconds *= 1 + settings.jitter * (2 * self._draw() - 1)
        self._exponent = min(self._exponent + 1, 10)
        self.opened_total += 1
        self._change(BreakerState.OPEN, reason, seconds)

    def _change(self, state: BreakerState, reason: str, seconds: float | None = None) -> None:
        now = self._clock()
        failures = self._window.totals(now).failures + len(self._probe_results)
        before, self._state = self._state, state
        self._since, self._reason = now, reason
        self._retry_at = None if seconds is None else now + seconds
        self._epoch += 1
        self._probes, self._probe_results, self._unreachable = {}, [], 0
        if state is BreakerState.CLOSED:
            self._window.clear()
        self._on_transition(Transition(before, state, reason, self._epoch, failures, seconds))

"""The circuit breaker of one kind of call to one provider: pure state, no I/O, used from one event loop.

Semantics: failure rate and slow-call rate over a sliding time window; neutral results (throttled, refused,
cancelled) count in neither direction; a limited number of probes when half-open, each
a lease, so that a probe that never reports cannot block recovery; a result of an older epoch is dropped.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.contracts.control import ControlAction
from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.latency import SlowLine
from backend.services.api_gateway.breakers.machine import Machine, Record
from backend.services.api_gateway.breakers.model import (
    BreakerSettings,
    Clock,
    Override,
    Permit,
    Rejection,
    Transition,
    Verdict,
)
from backend.services.api_gateway.breakers.outlook import (
    followed,
    is_fork,
    probes_under_way,
    starts_afresh,
    steady_answer,
)
from backend.services.api_gateway.breakers.window import SlidingWindow, Totals

WINDOW_SECONDS = 60.0
_BUCKETS = 10
_SUCCESS, _NEUTRAL, _UNREACHABLE = Verdict.SUCCESS, Verdict.NEUTRAL, Verdict.UNREACHABLE


class Breaker:
    """`admit` before a call, `report` after it. Every change is told to `on_transition`.

    Both are made of two halves, so that replicas can share a breaker: what this replica knows by itself
    (`quick`, `note`), and what has to be decided on the shared state (`probe`, `decide`; or, decided
    elsewhere, `adopt`, `grant` and `quarantine`).
    """

    __slots__ = (
        "_answer",
        "_answer_until",
        "_apart",
        "_clock",
        "_draw",
        "_machine",
        "_on_transition",
        "_parts",
        "_pass",
        "_slow_line",
        "_window",
        "endpoint",
        "rejected_total",
        "settings",
        "standing",
        "unreachable",
    )

    def __init__(
        self,
        endpoint: str,
        settings: BreakerSettings,
        clock: Clock,
        on_transition: Callable[[Transition], None],
        draw: Callable[[], float] = random.random,
        parts: Sequence["Breaker"] = (),
    ) -> None:
        self.endpoint = endpoint
        self.settings = settings
        self._clock = clock
        self._on_transition = on_transition
        self._draw = draw
        self._parts = parts
        now = clock()
        self._window = SlidingWindow(WINDOW_SECONDS, _BUCKETS, settings.minimum_calls, now)
        self._slow_line = SlowLine(settings.slow_floor, settings.slow_factor)
        self._machine = Machine(endpoint, settings, Record(since=now), self._changed, draw)
        self._apart: Machine | None = None
        self._pass = Permit(0)
        self._answer: Permit | Rejection | None = None
        self._answer_until = 0.0
        self.rejected_total = 0
        self.unreachable = 0
        """Calls in a row that did not connect."""
        self.standing: Permit | None = Permit(0)
        """What every call gets while the breaker is closed; none otherwise."""

    @property
    def record(self) -> Record:
        """The state that holds here, by the breaker's clock."""
        return (self._apart or self._machine).record

    @property
    def shared_record(self) -> Record:
        """The state that all replicas share, also while this one is in quarantine."""
        return self._machine.record

    @property
    def quarantined(self) -> bool:
        """Open here only: other replicas still reach the provider."""
        return self._apart is not None

    @property
    def in_use(self) -> bool:
        """Whether this replica ever counted a call on it, or it is held open or forced into a state."""
        record = self.record
        automatic = record.override.control is BreakerControl.AUTOMATIC
        return self._window.calls > 0 or record.state is BreakerState.OPEN or not automatic

    @property
    def slow_seconds(self) -> float:
        """A call that takes longer is slow."""
        return self._slow_line.seconds

    def totals(self) -> Totals:
        """This replica's calls in the window; those of a host are the calls of its `parts`."""
        now = self._clock()
        if now >= self._window.ends:
            self._begin_bucket(now)
        totals = self._window.totals(now)
        if not self._parts:
            return totals
        calls = sum(part.totals().calls for part in self._parts)
        return Totals(max(calls, totals.failures), totals.failures)

    def admit(self) -> Permit | Rejection:
        """Leave for one call, or why not. Exactly `probes` are let through before a half-open verdict."""
        return self.quick() or self.probe()

    def quick(self) -> Permit | Rejection | None:
        """What can be said at once; none when a probe may be due."""
        if self.standing is not None:
            return self.standing
        answer = self._answer
        if answer is None or self._clock() >= self._answer_until:
            return None
        if answer is not self._pass:
            self.rejected_total += 1
        return answer

    def probe(self) -> Permit | Rejection:
        """Leave for a probe, decided on what this replica knows."""
        machine, now = self._apart or self._machine, self._clock()
        machine.settle(now)
        return self.grant(machine.lease(now))

    def grant(self, lease: str | None) -> Permit | Rejection:
        """What a call gets that asked for a probe, with the `lease` it got or without one."""
        self._refresh()
        record = self.record
        if self.standing is not None:
            return self.standing
        if lease is not None:
            return Permit(record.epoch, lease)
        if not record.refuses:
            return self._pass
        self.rejected_total += 1
        if isinstance(self._answer, Rejection):
            return self._answer
        return probes_under_way(self._clock())

    def report(self, permit: Permit, verdict: Verdict, seconds: float = 0.0) -> None:
        """Take the result of a permitted call that took `seconds`."""
        if self.note(permit, verdict, seconds):
            self.decide(permit, verdict)

    def note(self, permit: Permit, verdict: Verdict, seconds: float, ended: float | None = None) -> bool:
        """Count a result; whether it calls for a decision. The path of every call: mind the cost.

        `ended`: the time, when it has been read already.
        """
        if permit is not self.standing:
            return permit.lease is not None
        if verdict is _NEUTRAL:
            return False
        window, now = self._window, self._clock() if ended is None else ended
        if now >= window.ends:
            self._begin_bucket(now)
        window.calls += 1
        line = self._slow_line
        slow = seconds >= line.seconds
        if slow:
            window.slow += 1
        if verdict is _SUCCESS:
            self.unreachable = 0
            line.note(seconds)
            # A success can only open when it completes the minimum number of calls.
            return slow or (window.calls == window.due and self.totals().failures > 0)
        window.failures += 1
        self.unreachable = self.unreachable + 1 if verdict is _UNREACHABLE else 0
        return True

    def decide(self, permit: Permit, verdict: Verdict) -> None:
        """Decide on what this replica knows: a probe's result, or a call's that `note` has counted."""
        machine, now = self._apart or self._machine, self._clock()
        machine.settle(now)
        if permit.lease is not None:
            machine.take_probe(permit.lease, verdict, now)
            self._refresh()
        elif permit is self.standing:  # else it was counted in a past state
            machine.judge(self.totals(), self.unreachable, self.slow_seconds, now)

    def settle(self) -> None:
        """Let end what has run out, without waiting for the next call."""
        (self._apart or self._machine).settle(self._clock())

    def control(self, action: ControlAction, override: Override) -> bool:
        """Do what an operator asks, on this replica; whether it changed anything."""
        now = self._clock()
        if self._apart is not None and action is ControlAction.PROBE:
            return self._apart.control(action, override, self.totals().failures, now)
        self._apart = None
        self._machine.settle(now)
        done = self._machine.control(action, override, self.totals().failures, now)
        if action is ControlAction.CLOSE:
            self.forget_calls()
        return done

    def restore(self, override: Override, epoch: int) -> None:
        """Take over what an operator had made of it, unless a later control is known already."""
        record, until = self._machine.record, override.until
        record.epoch = max(record.epoch, epoch)
        over = until is not None and until <= self._clock()
        if override.is_later_than(record.override) and not over:
            forced = override.control is BreakerControl.FORCED_OPEN
            record.override = override
            record.state = BreakerState.OPEN if forced else BreakerState.CLOSED
            record.reason = f"{override.control.replace('_', ' ')} by {override.author}: {override.reason}"
        self._refresh()

    def forget_calls(self) -> None:
        """Start the window afresh: what happened before says nothing about now."""
        self._window.clear(self._clock())
        self.unreachable = 0

    def adopt(self, record: Record, changes: Sequence[Transition] = ()) -> None:
        """Take over the shared state. `changes`: those that a call of this replica has brought about."""
        before = self._machine.record
        if record.epoch >= before.epoch:
            self._machine.record = record
        if record.epoch > before.epoch or is_fork(before, record):
            self._apart = None
            if starts_afresh(before, record):
                self.forget_calls()
            changes = changes or [followed(self.endpoint, before, record, self._clock())]
        self._refresh()
        for change in changes:
            self._on_transition(change)

    def quarantine(self) -> None:
        """Open here only, on this replica's own calls, until its own probes succeed."""
        shared, now = self._machine.record, self._clock()
        if self._apart is not None or shared.state is not BreakerState.CLOSED:
            return
        record = Record(since=shared.since, override=shared.override)
        self._apart = Machine(self.endpoint, self.settings, record, self._changed_apart, self._draw)
        self._apart.judge(self.totals(), self.unreachable, self.slow_seconds, now)
        if record.state is BreakerState.CLOSED:  # its calls have left the window meanwhile
            self._apart = None

    def _begin_bucket(self, now: float) -> None:
        self._window.advance(now)
        self._slow_line.end_bucket()

    def _changed(self, change: Transition) -> None:
        if change.to_state is BreakerState.CLOSED and change.from_state is not BreakerState.CLOSED:
            self.forget_calls()
        self._refresh()
        self._on_transition(change)

    def _changed_apart(self, change: Transition) -> None:
        if change.to_state is BreakerState.CLOSED:
            self._apart = None
        self._changed(replace(change, epoch=self._machine.record.epoch, quarantined=True))

    def _refresh(self) -> None:
        """Prepare what calls get from now on, so that the next ones need not think."""
        record = self.record
        closed = record.state is BreakerState.CLOSED and record.watching
        if not closed:
            self.standing = None
        elif self.standing is None or self.standing.epoch != record.epoch:
            self.standing = Permit(record.epoch)
        self._answer, self._answer_until = steady_answer(record, self.settings, self._clock(), self._pass)

"""The circuit breaker under any sequence of events, held to what must always be true."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from backend.contracts.control import ControlAction
from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import (
    BreakerSettings,
    Override,
    Permit,
    Rejection,
    Transition,
    Verdict,
)

ALLOWED = {
    (BreakerState.CLOSED, BreakerState.OPEN),
    (BreakerState.OPEN, BreakerState.HALF_OPEN),
    (BreakerState.HALF_OPEN, BreakerState.OPEN),
    (BreakerState.HALF_OPEN, BreakerState.CLOSED),
}
BY_HAND = (
    "forced open by", "disabled by", "shadowed by", "closed by", "probing, asked by",
    "no longer forced open", "no longer disabled", "no longer in shadow",
)  # fmt: skip


class BreakerMachine(RuleBasedStateMachine):
    """Drives a breaker with calls that end late, early, or never, and with operators, in any order."""

    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.told: list[Transition] = []
        self.breaker = Breaker(
            "search", BreakerSettings(minimum_calls=4), lambda: self.now, self.told.append, lambda: 0.5
        )
        self.leased_in_epoch = 0
        self.epoch = 0

    @property
    def control(self) -> BreakerControl:
        return self.breaker.record.override.control

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=permits)
    def ask(self) -> Permit | Rejection:
        return self.admit()

    @rule(permit=consumes(permits), verdict=st.sampled_from(Verdict), seconds=st.floats(0, 10))
    def end(self, permit: Permit | Rejection, verdict: Verdict, seconds: float) -> None:
        self.report(permit, verdict, seconds)

    @rule(verdict=st.sampled_from([Verdict.FAILURE, Verdict.UNREACHABLE]))
    def many_failures(self, verdict: Verdict) -> None:
        for _ in range(4):
            self.report(self.admit(), verdict, 0.0)

    @rule(action=st.sampled_from(ControlAction), seconds=st.floats(1, 60))
    def operate(self, action: ControlAction, seconds: float) -> None:
        self.breaker.settle()
        before, epoch = self.breaker.record.state, self.breaker.record.epoch
        override = Override(author="anna", reason="tests", since=self.now, until=self.now + seconds)
        done = self.breaker.control(action, override)
        assert done == (self.breaker.record.epoch > epoch)
        match action:
            case ControlAction.FORCE_OPEN:
                assert self.breaker.record.state is BreakerState.OPEN
            case ControlAction.CLOSE | ControlAction.DISABLE:
                assert self.breaker.record.state is BreakerState.CLOSED
            case ControlAction.PROBE:
                assert done == (before is BreakerState.OPEN and self.breaker.record.watching)
        self._follow_epoch()

    @rule()
    def settle(self) -> None:
        self.breaker.settle()
        until = self.breaker.record.override.until
        assert until is None or self.now < until
        self._follow_epoch()

    @invariant()
    def transitions_are_allowed_and_numbered(self) -> None:
        for position, change in enumerate(self.told, start=1):
            assert change.epoch == position
            by_hand = change.reason.startswith(BY_HAND)
            assert by_hand or (change.from_state, change.to_state) in ALLOWED

    @invariant()
    def an_open_breaker_always_has_a_way_out(self) -> None:
        record = self.breaker.record
        if record.state is BreakerState.OPEN:
            forced = self.control is BreakerControl.FORCED_OPEN
            ends = record.override.until if forced else record.retry_at
            assert ends is not None
            assert ends <= self.now + 720
        else:
            assert record.retry_at is None

    @invariant()
    def half_open_never_lets_more_than_its_probes_through(self) -> None:
        if self.breaker.record.state is BreakerState.HALF_OPEN:
            assert self.leased_in_epoch <= 3
            assert len(self.breaker.record.leases) <= 2

    def admit(self) -> Permit | Rejection:
        given = self.breaker.admit()
        self._follow_epoch()
        record = self.breaker.record
        if self.control in {BreakerControl.DISABLED, BreakerControl.SHADOW}:
            assert isinstance(given, Permit)
        elif self.control is BreakerControl.FORCED_OPEN:
            assert isinstance(given, Rejection)
        if isinstance(given, Permit) and given.lease is not None:
            assert given.epoch == record.epoch
            assert record.state is BreakerState.HALF_OPEN
            self.leased_in_epoch += 1
        elif isinstance(given, Rejection):
            assert record.state is not BreakerState.CLOSED
            assert given.retry_at >= self.now
        return given

    def report(self, permit: Permit | Rejection, verdict: Verdict, seconds: float) -> None:
        if isinstance(permit, Rejection):
            return
        self.breaker.settle()
        told, totals = len(self.told), self.breaker.totals()
        current = permit is self.breaker.standing
        probes = permit.lease in self.breaker.record.leases
        self.breaker.report(permit, verdict, seconds)
        if not (current or probes) or verdict is Verdict.NEUTRAL:
            assert len(self.told) == told
            assert self.breaker.totals() == totals
        if probes and verdict is Verdict.NEUTRAL:
            self.leased_in_epoch -= 1
        self._follow_epoch()

    def _follow_epoch(self) -> None:
        if self.breaker.record.epoch != self.epoch:
            self.epoch, self.leased_in_epoch = self.breaker.record.epoch, 0

    def teardown(self) -> None:
        """Whatever happened: a provider that is healthy again is let in again."""
        for _ in range(60):
            self.now += 721
            self.breaker.settle()
            permit = self.breaker.admit()
            if isinstance(permit, Permit):
                self.breaker.report(permit, Verdict.SUCCESS)
        assert self.breaker.record.state is BreakerState.CLOSED
        assert self.control is BreakerControl.AUTOMATIC


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)

"""The circuit breaker under any sequence of events, held to what must always be true."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from backend.contracts.providers import BreakerState
from backend.services.api_gateway.breakers.breaker import (
    Breaker,
    BreakerSettings,
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


class BreakerMachine(RuleBasedStateMachine):
    """Drives a breaker with calls that end late, early, or never, in any order."""

    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.told: list[Transition] = []
        self.breaker = Breaker(
            BreakerSettings(minimum_calls=4), lambda: self.now, self.told.append, lambda: 0.5
        )
        self.admitted_in_epoch = 0
        self.epoch = 0

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

    @rule()
    def reset(self) -> None:
        self.breaker.reset("operator")
        self._follow_epoch()
        assert self.breaker.state is BreakerState.CLOSED

    @invariant()
    def transitions_are_allowed_and_numbered(self) -> None:
        for position, change in enumerate(self.told, start=1):
            assert change.epoch == position
            by_hand = change.reason == "operator" and change.to_state is BreakerState.CLOSED
            assert by_hand or (change.from_state, change.to_state) in ALLOWED

    @invariant()
    def an_open_breaker_always_has_a_way_out(self) -> None:
        retry_in = self.breaker.retry_in
        if self.breaker.state is BreakerState.OPEN:
            assert retry_in is not None
            assert retry_in <= 600
        else:
            assert retry_in is None

    @invariant()
    def half_open_never_lets_more_than_its_probes_through(self) -> None:
        if self.breaker.state is BreakerState.HALF_OPEN:
            assert self.admitted_in_epoch <= 3

    def admit(self) -> Permit | Rejection:
        given = self.breaker.admit()
        self._follow_epoch()
        if isinstance(given, Permit):
            assert given.epoch == self.breaker.epoch
            assert self.breaker.state is not BreakerState.OPEN
            self.admitted_in_epoch += 1
        else:
            assert self.breaker.state is not BreakerState.CLOSED
            assert given.retry_in >= 0
        return given

    def report(self, permit: Permit | Rejection, verdict: Verdict, seconds: float) -> None:
        if isinstance(permit, Rejection):
            return
        state, told, counts = self.breaker.state, len(self.told), self.breaker.counts()
        current = permit.epoch == self.breaker.epoch
        self.breaker.report(permit, verdict, seconds)
        if not current or verdict is Verdict.NEUTRAL:
            assert self.breaker.state is state
            assert len(self.told) == told
            assert self.breaker.counts() == counts
        if current and state is BreakerState.HALF_OPEN and verdict is Verdict.NEUTRAL:
            self.admitted_in_epoch -= 1
        self._follow_epoch()

    def _follow_epoch(self) -> None:
        if self.breaker.epoch != self.epoch:
            self.epoch, self.admitted_in_epoch = self.breaker.epoch, 0

    def teardown(self) -> None:
        """Whatever happened: a provider that is healthy again is let in again."""
        for _ in range(60):
            self.now += 601
            permit = self.breaker.admit()
            if isinstance(permit, Permit):
                self.breaker.report(permit, Verdict.SUCCESS)
        assert self.breaker.state is BreakerState.CLOSED


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

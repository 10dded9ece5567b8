"""The breaker against `interlock-cb`, where the two mean the same.

They agree on: the failure rate and the slow-call rate over a time window, from a minimum number of calls on,
judged after every call; refusing while open; probes one at a time after the waiting time; closing or opening
again by the majority of three probes; calls that were let through in an earlier state counting for nothing.

Left out, because they differ there by design: neutral results (interlock has none), the doubling and
jittered waiting time, leases, connect failures in a row, slow probes (interlock counts them as failures), and
windows longer than a minute (interlock's buckets last 1 s, ours 6 s).
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from interlock import CircuitBreaker, CircuitOpenError, Config, State, WindowType

from backend.contracts.providers import BreakerState
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import BreakerSettings, Permit, Verdict

MINIMUM = 6
STATES = {
    State.CLOSED: BreakerState.CLOSED,
    State.OPEN: BreakerState.OPEN,
    State.HALF_OPEN: BreakerState.HALF_OPEN,
}
RIVAL = Config(
    failure_rate_threshold=0.5,
    slow_call_rate_threshold=0.8,
    slow_call_duration_threshold=3.0,
    minimum_number_of_calls=MINIMUM,
    window_type=WindowType.TIME_BASED,
    window_size=60,
    permitted_calls_in_half_open=3,
    max_concurrent_probes=1,
    wait_duration_in_open=15.0,
)
OURS = BreakerSettings(
    minimum_calls=MINIMUM, slow_factor=0.0, jitter=0.0, probes_at_once=1, open_seconds_cap=15.0
)


class Pair:
    """Both breakers on one clock."""

    def __init__(self) -> None:
        self.now = 6_000.0
        self.ours = Breaker("search", OURS, self.monotonic, lambda _: None)
        self.rival = CircuitBreaker(name="rival", config=RIVAL, clock=self)

    def monotonic(self) -> float:
        return self.now

    def same(self) -> None:
        assert self.ours.record.state is STATES[self.rival.state]

    def call(self, *, fails: bool, seconds: float) -> None:
        permit = self.ours.admit()
        assert isinstance(permit, Permit) == self.call_rival(fails=fails, seconds=seconds)
        if isinstance(permit, Permit):
            self.ours.report(permit, _verdict(fails), seconds)

    def call_rival(self, *, fails: bool, seconds: float) -> bool:
        """Whether the rival let the call through."""

        def work() -> None:
            self.now += seconds
            if fails:
                raise ValueError

        try:
            self.rival.call_sync(work)
        except CircuitOpenError:
            return False
        except ValueError:
            return True
        return True

    def probe(self, results: list[bool]) -> None:
        """A whole half-open round: ours ends it at two of a kind, interlock after the third probe."""
        self.now += 15.1
        for fails in results:
            self.call_rival(fails=fails, seconds=0.0)
        for fails in results:
            permit = self.ours.admit()
            assert isinstance(permit, Permit)
            self.ours.report(permit, _verdict(fails), 0.0)
            if self.ours.record.state is not BreakerState.HALF_OPEN:
                break
        self.same()


def _verdict(fails: bool) -> Verdict:
    return Verdict.FAILURE if fails else Verdict.SUCCESS


calls = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 3.5]), st.sampled_from([0.0, 0.3])),
    min_size=1,
    max_size=12,
)
rounds = st.lists(st.tuples(calls, st.lists(st.booleans(), min_size=3, max_size=3)), max_size=4)


@given(rounds)
@settings(max_examples=100, deadline=None)
def test_states_agree_after_every_call(
    rounds: list[tuple[list[tuple[bool, float, float]], list[bool]]],
) -> None:
    pair = Pair()
    for sequence, probes in rounds:
        for fails, seconds, pause in sequence:
            pair.call(fails=fails, seconds=seconds)
            pair.now += pause
            pair.same()
        for results in (probes, [False, False, False]):
            if pair.ours.record.state is BreakerState.OPEN:
                pair.probe(results)
        pair.now += 120  # both windows are empty again

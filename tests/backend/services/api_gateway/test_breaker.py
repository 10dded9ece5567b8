"""The circuit breaker, rule by rule."""

import pytest

from backend.contracts.control import ControlAction
from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.machine import Record
from backend.services.api_gateway.breakers.model import (
    BreakerSettings,
    Override,
    Permit,
    Rejection,
    Transition,
    Verdict,
)


class World:
    """A breaker, its clock, and what it told."""

    def __init__(self, **settings: float) -> None:
        self.now = 1_000.0
        self.told: list[Transition] = []
        values = {"minimum_calls": 5, "jitter": 0.0, **settings}
        self.breaker = Breaker(
            "search",
            BreakerSettings(**values),  # type: ignore[arg-type]
            lambda: self.now,
            self.told.append,
            lambda: 0.5,
        )

    @property
    def record(self) -> Record:
        return self.breaker.record

    @property
    def state(self) -> BreakerState:
        return self.breaker.record.state

    @property
    def retry_in(self) -> float:
        retry_at = self.breaker.record.retry_at
        assert retry_at is not None
        return retry_at - self.now

    @property
    def counts(self) -> tuple[int, int]:
        totals = self.breaker.totals()
        return totals.calls, totals.failures

    def call(self, verdict: Verdict, seconds: float = 0.1) -> None:
        self.breaker.report(self.permit(), verdict, seconds)

    def permit(self) -> Permit:
        permit = self.breaker.admit()
        assert isinstance(permit, Permit)
        return permit

    def open(self) -> None:
        for _ in range(5):
            self.call(Verdict.FAILURE)
        assert self.breaker.record.state is BreakerState.OPEN

    def half_open(self) -> Permit:
        self.open()
        self.now += self.retry_in
        permit = self.permit()
        assert self.breaker.record.state is BreakerState.HALF_OPEN
        return permit

    def control(self, action: ControlAction, minutes: float | None = None) -> bool:
        until = None if minutes is None else self.now + 60 * minutes
        return self.breaker.control(
            action, Override(author="anna", reason="tests", since=self.now, until=until)
        )


def test_opens_at_the_minimum_number_of_calls_and_says_why() -> None:
    world = World()
    for _ in range(4):
        world.call(Verdict.FAILURE)
    assert world.told == []
    world.call(Verdict.FAILURE)
    assert world.state is BreakerState.OPEN
    rejection = world.breaker.admit()
    assert rejection == Rejection(BreakerState.OPEN, "5 of 5 calls failed within a minute", 1_015.0)
    assert world.told == [
        Transition(
            "search",
            BreakerState.CLOSED,
            BreakerState.OPEN,
            "5 of 5 calls failed within a minute",
            1,
            5,
            15.0,
        )
    ]


def test_half_failures_open_and_fewer_do_not() -> None:
    alternating, mostly_good = World(minimum_calls=20), World(minimum_calls=20)
    for number in range(20):
        alternating.call(Verdict.FAILURE if number % 2 else Verdict.SUCCESS)
        mostly_good.call(Verdict.FAILURE if number % 3 == 0 else Verdict.SUCCESS)
    assert alternating.state is BreakerState.OPEN
    assert mostly_good.state is BreakerState.CLOSED


def test_failures_older_than_the_window_are_forgotten() -> None:
    world = World()
    for _ in range(4):
        world.call(Verdict.FAILURE)
    world.now += 70
    world.call(Verdict.FAILURE)
    assert world.state is BreakerState.CLOSED
    assert world.counts == (1, 1)


def test_throttling_mixed_with_failures_does_not_keep_it_closed() -> None:
    world = World()
    for _ in range(5):
        world.call(Verdict.NEUTRAL)
        world.call(Verdict.FAILURE)
    assert world.state is BreakerState.OPEN


def test_an_hour_of_throttling_and_not_found_never_opens() -> None:
    world = World()
    for second in range(3600):
        world.now += 1
        world.call(Verdict.NEUTRAL if second % 10 < 3 else Verdict.SUCCESS)
    assert world.told == []


def test_five_failures_to_connect_open_at_once_whatever_the_minimum() -> None:
    world = World(minimum_calls=20)
    for _ in range(30):
        world.call(Verdict.SUCCESS)
    for _ in range(5):
        world.call(Verdict.UNREACHABLE)
    assert world.state is BreakerState.OPEN
    assert world.breaker.record.reason == "could not be reached 5 times in a row"


def test_slow_calls_open_although_they_succeed() -> None:
    world = World()
    for _ in range(5):
        world.call(Verdict.SUCCESS, seconds=6.0)
    assert world.state is BreakerState.OPEN
    assert "took over 3.0 s" in world.breaker.record.reason


def test_half_open_lets_exactly_three_through_and_never_more_at_once_than_allowed() -> None:
    world = World()
    first = world.half_open()
    second = world.permit()
    assert isinstance(world.breaker.admit(), Rejection)
    world.breaker.report(first, Verdict.SUCCESS)
    third = world.permit()
    assert all(isinstance(world.breaker.admit(), Rejection) for _ in range(100))
    world.breaker.report(second, Verdict.FAILURE)
    assert isinstance(world.breaker.admit(), Rejection)
    world.breaker.report(third, Verdict.SUCCESS)
    assert world.state is BreakerState.CLOSED


def test_two_failed_probes_reopen_for_twice_as_long() -> None:
    world = World()
    world.breaker.report(world.half_open(), Verdict.FAILURE)
    world.call(Verdict.FAILURE)
    assert world.state is BreakerState.OPEN
    assert world.retry_in == 30.0


def test_open_time_doubles_up_to_its_cap_while_probes_fail() -> None:
    world, open_times = World(), []
    world.open()
    for _ in range(8):
        open_times.append(world.retry_in)
        world.now += world.retry_in
        world.call(Verdict.FAILURE)
        world.call(Verdict.FAILURE)
    assert open_times == [15, 30, 60, 120, 240, 480, 600, 600]


def test_a_healthy_minute_forgives_one_doubling_and_a_single_success_none() -> None:
    world = World()
    for _ in range(3):
        world.open()
        world.now += world.retry_in
        world.call(Verdict.SUCCESS)
        world.call(Verdict.SUCCESS)
    world.now += 61
    world.open()
    assert world.retry_in == 60.0  # 15, 30, 60, and then not 120


def test_a_throttled_probe_gives_its_permit_back() -> None:
    world = World()
    for _ in range(50):
        permit = world.half_open() if world.state is BreakerState.CLOSED else world.permit()
        world.breaker.report(permit, Verdict.NEUTRAL)
    assert world.state is BreakerState.HALF_OPEN


def test_probes_that_never_report_lose_their_lease_and_do_not_block_recovery() -> None:
    world = World(probes_at_once=1)
    world.half_open()
    assert isinstance(world.breaker.admit(), Rejection)
    world.now += 20
    world.permit()
    world.now += 20
    assert isinstance(world.breaker.admit(), Rejection)  # two leases ran out: open again
    assert world.told[-1].to_state is BreakerState.OPEN
    world.now += world.retry_in
    world.call(Verdict.SUCCESS)
    world.call(Verdict.SUCCESS)
    assert world.state is BreakerState.CLOSED


def test_results_of_an_older_epoch_are_dropped() -> None:
    world = World()
    late = [world.permit() for _ in range(10)]
    world.open()
    before = world.retry_in
    for permit in late:
        world.breaker.report(permit, Verdict.FAILURE)
    assert world.retry_in == before
    world.control(ControlAction.CLOSE)
    for permit in late:
        world.breaker.report(permit, Verdict.FAILURE)
    assert world.counts == (0, 0)


def test_closing_by_hand_starts_afresh() -> None:
    world = World()
    world.open()
    world.control(ControlAction.CLOSE)
    assert world.state is BreakerState.CLOSED
    assert world.breaker.record.retry_at is None
    assert world.told[-1].reason == "closed by anna: tests"
    assert world.told[-1].failures == 5
    assert world.counts == (0, 0)
    world.open()
    assert world.retry_in == 15.0  # the waiting times start from the beginning too


@pytest.mark.parametrize("draw", [0.0, 1.0])
def test_jitter_moves_the_open_time_by_a_fifth_at_most(draw: float) -> None:
    breaker = Breaker("search", BreakerSettings(minimum_calls=1), lambda: 0.0, lambda _: None, lambda: draw)
    permit = breaker.admit()
    assert isinstance(permit, Permit)
    breaker.report(permit, Verdict.FAILURE)
    assert breaker.record.retry_at == pytest.approx(12.0 if draw == 0.0 else 18.0)


@pytest.mark.parametrize("pattern", ["FFFFN", "FNFFNFSF", "NNNNFFFFS"])
def test_four_failures_of_five_mixed_with_429_open_at_the_minimum(pattern: str) -> None:
    world = World(minimum_calls=20)
    verdicts = {"F": Verdict.FAILURE, "N": Verdict.NEUTRAL, "S": Verdict.SUCCESS}
    counted = 0
    while world.state is BreakerState.CLOSED:
        for letter in pattern:
            if world.state is BreakerState.CLOSED:
                world.call(verdicts[letter])
                counted += letter != "N"
    assert counted == 20


def test_a_success_that_completes_the_minimum_opens_when_half_have_failed() -> None:
    world = World(minimum_calls=6)
    for verdict in [Verdict.FAILURE] * 3 + [Verdict.SUCCESS] * 3:
        assert world.state is BreakerState.CLOSED
        world.call(verdict)
    assert world.state is BreakerState.OPEN


def test_slow_follows_what_is_usual_for_the_provider() -> None:
    world = World(minimum_calls=5)
    for _ in range(20):
        world.call(Verdict.SUCCESS, seconds=2.0)
        world.now += 6
        assert world.counts[1] == 0  # looking at the window moves it too
    for _ in range(10):
        world.call(Verdict.SUCCESS, seconds=7.9)
    assert world.state is BreakerState.CLOSED
    world.now += 60
    for _ in range(5):
        world.call(Verdict.SUCCESS, seconds=8.1)
    assert world.record.reason == "5 of 5 calls took over 8.0 s"


def test_forced_open_refuses_even_healthy_calls_until_its_time_is_over_and_then_probes() -> None:
    world = World()
    world.control(ControlAction.FORCE_OPEN, minutes=10)
    rejection = world.breaker.admit()
    assert rejection == Rejection(BreakerState.OPEN, "forced open by anna: tests", 1_600.0, forced=True)
    world.now += 599
    assert isinstance(world.breaker.admit(), Rejection)
    assert world.breaker.rejected_total == 2
    world.now += 1
    world.call(Verdict.SUCCESS)
    assert world.state is BreakerState.HALF_OPEN
    world.call(Verdict.SUCCESS)
    assert world.told[-1].to_state is BreakerState.CLOSED


def test_forced_open_is_not_probed_and_not_closed_by_results() -> None:
    world = World()
    late = world.permit()
    world.control(ControlAction.FORCE_OPEN, minutes=10)
    assert not world.control(ControlAction.PROBE)
    world.breaker.report(late, Verdict.SUCCESS)
    assert isinstance(world.breaker.admit(), Rejection)


def test_disabled_lets_everything_through_and_records_nothing() -> None:
    world = World()
    world.control(ControlAction.DISABLE, minutes=10)
    for _ in range(100):
        world.call(Verdict.UNREACHABLE)
    assert (world.state, world.counts) == (BreakerState.CLOSED, (0, 0))
    world.now += 600
    world.call(Verdict.FAILURE)
    assert world.counts == (1, 1)
    assert world.record.override.control is BreakerControl.AUTOMATIC


def test_shadow_tells_what_it_would_do_and_lets_everything_through() -> None:
    world = World()
    world.control(ControlAction.SHADOW, minutes=60)
    for _ in range(200):
        world.call(Verdict.FAILURE)
    assert world.state is BreakerState.OPEN
    assert world.breaker.rejected_total == 0
    assert world.told[-1].reason == "5 of 5 calls failed within a minute"
    world.now += world.retry_in
    world.call(Verdict.SUCCESS)
    world.call(Verdict.SUCCESS)
    assert world.told[-1].to_state is BreakerState.CLOSED
    world.open()
    world.now += 1
    world.control(ControlAction.CLOSE)
    assert world.record.override.control is BreakerControl.AUTOMATIC


def test_a_shadow_that_ends_while_it_would_be_open_is_open() -> None:
    world = World(open_seconds=600.0)
    world.control(ControlAction.SHADOW, minutes=1)
    world.open()
    world.now += 60
    assert isinstance(world.breaker.admit(), Rejection)


def test_probing_now_does_not_wait() -> None:
    world = World()
    assert not world.control(ControlAction.PROBE)  # nothing to probe
    world.open()
    assert world.control(ControlAction.PROBE)
    world.call(Verdict.SUCCESS)
    world.call(Verdict.SUCCESS)
    assert world.state is BreakerState.CLOSED


def test_every_act_of_an_operator_counts_as_a_change() -> None:
    world = World()
    for action in (
        ControlAction.SHADOW,
        ControlAction.DISABLE,
        ControlAction.FORCE_OPEN,
        ControlAction.CLOSE,
    ):
        before = world.record.epoch
        assert world.control(action, minutes=1)
        assert world.record.epoch == before + 1
        assert world.told[-1].epoch == before + 1

"""The rate gate keeps every limit, in simulated time."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.rate_gate import GateClosed, Pass, RateGate
from backend.services.api_gateway.gate.store import LocalStore
from tests.backend.services.api_gateway.gate.simulated_servers import over_sliding_window
from tests.backend.services.api_gateway.virtual_time import VirtualTime

LIMITS = [RateLimit(1, 1.05), RateLimit(5, 2.0), RateLimit(50, 5.1), RateLimit(6, 3.0, burst=2)]
DAY = 86_400.0


def gate_in(time: VirtualTime, limit: RateLimit, chance: float = 0.5) -> RateGate:
    return RateGate(LocalStore(limit, time.clock), time.clock, time.sleep, lambda: chance)


async def let_through(gate: RateGate) -> Pass:
    passed = await gate.enter(0.0)
    assert isinstance(passed, Pass)
    return passed


async def send_many(limit: RateLimit, pauses: list[float]) -> list[float]:
    """Let callers arrive after the given pauses; the times at which they were let go."""
    time = VirtualTime()
    gate = gate_in(time, limit)
    let_go: list[float] = []

    async def caller(arrival: float) -> None:
        await time.sleep(arrival)
        if isinstance(await gate.enter(1e6), Pass):
            let_go.append(time.now)

    arrival, callers = 0.0, []
    for pause in pauses:
        arrival += pause
        callers.append(caller(arrival))
    await time.run(*callers)
    return let_go


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIMITS), st.lists(st.floats(0, 3), max_size=120))
def test_no_window_ever_holds_more_than_the_limit(limit: RateLimit, pauses: list[float]) -> None:
    let_go = asyncio.run(send_many(limit, pauses))
    assert len(let_go) == len(pauses)
    assert over_sliding_window(let_go, limit.calls, limit.seconds - 2e-6) == 0
    burst = limit.burst or limit.calls
    assert over_sliding_window(let_go, burst, burst * limit.seconds / limit.calls - 2e-6) == 0


async def test_callers_are_let_go_in_order_of_arrival() -> None:
    time, order = VirtualTime(), list[int]()
    gate = gate_in(time, RateLimit(2, 1.0))

    async def caller(number: int) -> None:
        await gate.enter(100)
        order.append(number)

    await time.run(*(caller(number) for number in range(10)))
    assert order == list(range(10))


async def test_who_would_wait_too_long_is_sent_away_at_once_and_told_how_long() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(1, 1.0))
    answers: list[Pass | GateClosed] = []

    async def caller() -> None:
        answers.append(await gate.enter(3.0))

    await time.run(*(caller() for _ in range(10)))
    refused = [answer for answer in answers if isinstance(answer, GateClosed)]
    assert len(refused) == 6  # one goes at once, three wait up to 3 s
    assert all(answer == GateClosed(GateState.FLOWING, 4.0) for answer in refused)


async def test_retry_after_closes_the_gate_exactly_and_it_opens_again_with_the_full_rate() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0))
    await gate.throttled(await let_through(gate), 30.0)
    assert await gate.enter(5.0) == GateClosed(GateState.COOLING, 30.0)
    time.now += 29.9
    assert gate.status().state is GateState.COOLING
    time.now += 0.1
    assert gate.state is GateState.FLOWING
    assert gate.free == 10
    for _ in range(10):
        await let_through(gate)


async def test_a_long_retry_after_is_a_quota_and_a_shorter_one_does_not_shorten_it() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0))
    passed = await let_through(gate)
    await gate.throttled(passed, DAY)
    await gate.throttled(passed, 1.0)
    assert gate.state is GateState.QUOTA
    assert gate.closed_for == DAY


async def test_a_quota_is_one_however_short_and_without_a_named_end_it_lasts_an_hour() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0))
    passed = await let_through(gate)
    await gate.throttled(passed, 60.0, quota=True)
    assert (gate.state, gate.closed_for) == (GateState.QUOTA, 60.0)
    await gate.throttled(passed, None, quota=True)
    assert (gate.state, gate.closed_for) == (GateState.QUOTA, 3_600.0)


@pytest.mark.parametrize("nothing", [0.0, -3.0, None])
async def test_a_retry_after_that_names_no_time_backs_off(nothing: float | None) -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0))
    await gate.throttled(await let_through(gate), nothing)
    assert (gate.state, gate.closed_for) == (GateState.COOLING, 1.0)


@pytest.mark.parametrize("absurd", [1e12, float("inf")])
async def test_an_absurd_retry_after_closes_for_a_week(absurd: float) -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0))
    await gate.throttled(await let_through(gate), absurd)
    assert (gate.state, gate.closed_for) == (GateState.QUOTA, 7 * DAY)
    assert gate.status().until is not None


async def test_without_retry_after_the_pause_doubles_until_a_window_passed_in_peace() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0))
    pauses = []
    for _ in range(8):
        await gate.throttled(await let_through(gate), None)
        pauses.append(gate.closed_for)
        time.now += gate.closed_for or 0
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    time.now += 61
    await gate.throttled(await let_through(gate), None)
    assert gate.closed_for == 1


async def test_a_volley_of_throttled_calls_counts_once() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(50, 5.0))
    volley = [await let_through(gate) for _ in range(50)]
    for passed in volley:
        await gate.throttled(passed, None)
    assert gate.closed_for == 1.0
    time.now += 1.0
    await gate.throttled(volley[0], None)  # its answer comes when the gate is open again
    assert gate.state is GateState.FLOWING


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.75), (1.0, 1.25)])
async def test_jitter_varies_the_pause_by_a_quarter(chance: float, pause: float) -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(10, 1.0), chance)
    await gate.throttled(await let_through(gate), None)
    assert gate.closed_for == pause


async def test_those_waiting_when_the_gate_closes_are_sent_away_within_their_patience() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(1, 2.0))
    answers: list[Pass | GateClosed] = []

    async def caller() -> None:
        answers.append(await gate.enter(10.0))

    async def provider_throttles() -> None:
        await time.sleep(1.0)
        first = answers[0]
        assert isinstance(first, Pass)
        await gate.throttled(first, 300.0)

    await time.run(caller(), caller(), caller(), provider_throttles())
    assert [isinstance(answer, Pass) for answer in answers] == [True, False, False]
    assert time.now <= 1_000 + 10


async def test_those_waiting_when_the_gate_closes_briefly_go_after_it() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(1, 2.0))
    let_go: list[float] = []

    async def caller() -> None:
        assert isinstance(await gate.enter(10.0), Pass)
        let_go.append(time.now - 1_000)

    async def provider_throttles() -> None:
        await time.sleep(1.0)
        await gate.throttled(Pass(0, 0), 5.0)

    await time.run(caller(), caller(), provider_throttles())
    assert let_go == [0.0, 6.0]


async def test_refused_credentials_block_until_an_operator_acts() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(2, 1.0))
    passed = await let_through(gate)
    await gate.throttled(passed, 50.0)
    await gate.block("the token was refused")
    time.now += 30 * DAY
    assert await gate.enter(5.0) == GateClosed(GateState.BLOCKED, None)
    assert (gate.status().until, gate.status().reason) == (None, "the token was refused")
    await gate.unblock()
    await let_through(gate)


async def test_a_pause_outlives_the_blocking_of_credentials() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(2, 1.0))
    await gate.throttled(await let_through(gate), 50.0)
    await gate.block("the token was refused")
    await gate.unblock()
    assert (gate.state, gate.closed_for) == (GateState.COOLING, 50.0)


async def test_status_tells_limit_what_is_left_and_who_waits() -> None:
    time = VirtualTime()
    gate = gate_in(time, RateLimit(2, 10.0))
    await let_through(gate)
    assert (gate.status().remaining, gate.status().waiting) == (1, 0)
    await let_through(gate)
    seen: list[int] = []

    async def look() -> None:
        await time.sleep(1.0)
        seen.append(gate.status().waiting)

    await time.run(gate.enter(20.0), look())
    status = gate.status()
    assert seen == [1]
    assert (status.limit, status.window_seconds, status.documented_limit) == (2, 10.0, None)
    assert (status.state, status.until, status.remaining) == (GateState.FLOWING, None, 1)


@pytest.mark.parametrize("wrong", [(0, 1.0, None), (1, 0.0, None), (5, 1.0, 6), (5, 1.0, 0)])
def test_what_is_no_limit_is_refused(wrong: tuple[int, float, int | None]) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        RateLimit(*wrong)

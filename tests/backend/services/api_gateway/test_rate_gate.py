"""The rate gate keeps every limit, in simulated time."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.rate_gate import GateClosed, RateGate, RateLimit
from tests.backend.services.api_gateway.virtual_time import VirtualTime

LIMITS = [RateLimit(1, 1.05), RateLimit(5, 2.0), RateLimit(50, 5.1)]


async def send_many(limit: RateLimit, pauses: list[float], patience: float = 1e9) -> list[float]:
    """Let callers arrive after the given pauses; the times at which they were let go."""
    time = VirtualTime()
    gate = RateGate(limit, time.clock, time.sleep)
    let_go: list[float] = []

    async def caller(arrival: float) -> None:
        await time.sleep(arrival)
        if await gate.enter(patience) is None:
            let_go.append(time.now)

    arrival, callers = 0.0, []
    for pause in pauses:
        arrival += pause
        callers.append(caller(arrival))
    await time.run(*callers)
    return let_go


def most_in_any_window(moments: list[float], seconds: float) -> int:
    return max(
        (sum(1 for other in moments if moment <= other < moment + seconds) for moment in moments), default=0
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIMITS), st.lists(st.floats(0, 3), max_size=120))
def test_no_window_ever_holds_more_than_the_limit(limit: RateLimit, pauses: list[float]) -> None:
    let_go = asyncio.run(send_many(limit, pauses))
    assert len(let_go) == len(pauses)
    assert most_in_any_window(let_go, limit.seconds - 1e-6) <= limit.calls


@pytest.mark.parametrize("limit", LIMITS)
async def test_ten_minutes_of_full_load_use_the_budget(limit: RateLimit) -> None:
    wanted = int(600 / limit.seconds * limit.calls)
    let_go = await send_many(limit, [0.0] * (wanted + 50))
    within = [moment for moment in let_go if moment < let_go[0] + 600]
    assert len(within) >= 0.99 * wanted
    assert most_in_any_window(let_go, limit.seconds - 1e-6) <= limit.calls


async def test_callers_are_let_go_in_order_of_arrival() -> None:
    time, order = VirtualTime(), list[int]()
    gate = RateGate(RateLimit(2, 1.0), time.clock, time.sleep)

    async def caller(number: int) -> None:
        await gate.enter(100)
        order.append(number)

    await time.run(*(caller(number) for number in range(10)))
    assert order == list(range(10))


async def test_who_would_wait_too_long_is_sent_away_at_once_and_told_how_long() -> None:
    time = VirtualTime()
    gate = RateGate(RateLimit(1, 1.0), time.clock, time.sleep)
    answers: list[GateClosed | None] = []

    async def caller() -> None:
        answers.append(await gate.enter(3.0))

    await time.run(*(caller() for _ in range(10)))
    refused = [answer for answer in answers if answer is not None]
    assert len(refused) == 6  # one goes at once, three wait up to 3 s
    assert all(answer == GateClosed(GateState.FLOWING, 4.0) for answer in refused)


async def test_retry_after_closes_the_gate_and_it_opens_again_by_itself() -> None:
    time = VirtualTime()
    gate = RateGate(RateLimit(10, 1.0), time.clock, time.sleep)
    gate.throttled(30.0)
    assert await gate.enter(5.0) == GateClosed(GateState.COOLING, 30.0)
    time.now += 31
    assert gate.state is GateState.FLOWING
    assert await gate.enter(5.0) is None


async def test_a_long_retry_after_is_a_quota_and_a_shorter_one_does_not_shorten_it() -> None:
    time = VirtualTime()
    gate = RateGate(RateLimit(10, 1.0), time.clock, time.sleep)
    gate.throttled(86_400.0)
    gate.throttled(1.0)
    assert gate.state is GateState.QUOTA
    assert gate.closed_for == 86_400.0


async def test_without_retry_after_the_pause_doubles_until_an_answer_comes() -> None:
    time = VirtualTime()
    gate = RateGate(RateLimit(10, 1.0), time.clock, time.sleep)
    pauses = []
    for _ in range(8):
        gate.throttled(None)
        pauses.append(gate.closed_for)
        time.now += gate.closed_for
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    gate.succeeded()
    gate.throttled(None)
    assert gate.closed_for == 1


async def test_those_waiting_when_the_gate_closes_are_sent_away_within_their_patience() -> None:
    time = VirtualTime()
    gate = RateGate(RateLimit(1, 2.0), time.clock, time.sleep)
    answers: list[tuple[float, GateClosed | None]] = []

    async def caller() -> None:
        answers.append((time.now, await gate.enter(10.0)))

    async def provider_throttles() -> None:
        await time.sleep(1.0)
        gate.throttled(300.0)

    await time.run(caller(), caller(), caller(), provider_throttles())
    assert [answer is None for _, answer in answers] == [True, False, False]
    assert time.now <= 1_000 + 10


async def test_refused_credentials_block_until_an_operator_unblocks() -> None:
    time = VirtualTime()
    gate = RateGate(RateLimit(1, 1.0), time.clock, time.sleep)
    gate.block(300)
    assert await gate.enter(5.0) == GateClosed(GateState.BLOCKED, 300.0)
    gate.unblock()
    assert await gate.enter(5.0) is None
    gate.throttled(50.0)
    gate.unblock()
    assert gate.state is GateState.COOLING

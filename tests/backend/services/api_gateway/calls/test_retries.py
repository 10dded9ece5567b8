"""What is tried again, how often, and what stops it."""

import asyncio

import pytest

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.calls.retries import Retries, RetryBudget
from backend.services.api_gateway.providers.adapter import ProviderRequest, Reply
from tests.backend.services.api_gateway.virtual_time import VirtualTime

SEARCH = ProviderRequest("search", "http://provider.invalid/search", lambda _payload: ())


class Provider:
    """Answers with the outcomes given, the last one for ever."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.calls = 0

    async def call(self, _request: ProviderRequest) -> Reply:
        outcome = self._outcomes[min(self.calls, len(self._outcomes) - 1)]
        self.calls += 1
        return Reply(outcome, detail=f"call {self.calls}")


class World:
    """Retries in a time of their own; every pause is as long as it can be."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.pauses: list[float] = []
        self.retries = Retries(RetryBudget(0.1, self.time.clock), self.time.clock, self._sleep, lambda: 1.0)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.time.sleep(seconds)

    async def make(self, provider: Provider) -> Reply:
        asking = asyncio.ensure_future(self.retries.make(SEARCH, provider.call))
        await self.time.run(asking)
        return asking.result()

    async def fill(self, calls: int) -> None:
        """Calls that go well, so that the budget is a tenth of them."""
        for _ in range(calls):
            await self.make(Provider(Outcome.OK))


@pytest.mark.parametrize(
    ("outcome", "calls"),
    [
        (Outcome.OK, 1),
        (Outcome.NOT_FOUND, 1),
        (Outcome.EMPTY_SUSPECT, 1),
        (Outcome.THROTTLED, 1),
        (Outcome.QUOTA, 1),
        (Outcome.CREDENTIAL, 1),
        (Outcome.CAPABILITY_GONE, 1),
        (Outcome.BAD_REQUEST, 1),
        (Outcome.BREAKER_OPEN, 1),
        (Outcome.CONTRACT, 2),
        (Outcome.FAILURE, 3),
    ],
)
async def test_only_what_may_end_differently_is_tried_again(outcome: Outcome, calls: int) -> None:
    world, provider = World(), Provider(outcome)
    await world.fill(100)
    assert (await world.make(provider)).outcome is outcome
    assert provider.calls == calls


async def test_the_first_good_answer_ends_it() -> None:
    world, provider = World(), Provider(Outcome.FAILURE, Outcome.OK)
    assert (await world.make(provider)).detail == "call 2"


async def test_the_pause_grows_and_chance_makes_it_shorter() -> None:
    world = World()
    await world.fill(100)
    await world.make(Provider(Outcome.FAILURE))
    assert world.pauses == [0.5, 1.0]
    hasty = Retries(RetryBudget(0.1, world.time.clock), world.time.clock, world._sleep, lambda: 0.0)
    await world.time.run(hasty.make(SEARCH, Provider(Outcome.CONTRACT).call))
    assert world.pauses[2:] == [0.0]


async def test_a_call_that_took_long_is_not_tried_again() -> None:
    world, provider = World(), Provider(Outcome.FAILURE)

    async def slow(request: ProviderRequest) -> Reply:
        await world.time.sleep(6)
        return await provider.call(request)

    await world.fill(100)
    await world.time.run(world.retries.make(SEARCH, slow))
    assert provider.calls == 1


async def test_a_breaker_that_opens_ends_it_and_the_failure_stays_the_answer() -> None:
    world, provider = World(), Provider(Outcome.FAILURE, Outcome.BREAKER_OPEN)
    await world.fill(100)
    assert await world.make(provider) == Reply(Outcome.FAILURE, detail="call 1")
    assert provider.calls == 2


async def test_a_limit_met_meanwhile_is_the_answer() -> None:
    world, provider = World(), Provider(Outcome.FAILURE, Outcome.THROTTLED)
    assert (await world.make(provider)).outcome is Outcome.THROTTLED
    assert provider.calls == 2


async def test_a_hundred_failing_calls_within_a_minute_become_a_hundred_and_ten() -> None:
    world, provider = World(), Provider(Outcome.FAILURE)
    world.retries = Retries(RetryBudget(0.1, world.time.clock), world.time.clock, world._sleep, lambda: 0.0)
    for _ in range(100):
        await world.make(provider)
    assert provider.calls == 110


async def test_a_lone_call_may_be_tried_again_once_a_minute() -> None:
    world, provider = World(), Provider(Outcome.FAILURE)
    await world.make(provider)
    await world.make(provider)
    assert provider.calls == 3
    world.time.now += 61
    await world.make(provider)
    assert provider.calls == 5


async def test_a_share_of_nothing_tries_nothing_again() -> None:
    world, provider = World(), Provider(Outcome.FAILURE)
    world.retries = Retries(RetryBudget(0, world.time.clock), world.time.clock)
    await world.make(provider)
    assert provider.calls == 1


async def test_a_cancelled_caller_is_not_called_for_again() -> None:
    world, provider = World(), Provider(Outcome.FAILURE)
    asking = asyncio.ensure_future(world.retries.make(SEARCH, provider.call))
    for _ in range(5):
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert provider.calls == 1

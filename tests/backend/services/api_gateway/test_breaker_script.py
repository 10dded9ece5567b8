"""The two implementations of the breaker's decisions, Python and Lua, driven through the same events."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from backend.contracts.control import ControlAction
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import (
    BreakerSettings,
    EpochConflictError,
    Override,
    Permit,
    Rejection,
    Transition,
    Verdict,
)
from backend.services.api_gateway.breakers.redis_sharing import RedisSharing
from backend.services.api_gateway.breakers.replicas import Replicas
from backend.services.api_gateway.breakers.sharing import LocalSharing, Sharing
from backend.services.api_gateway.shared_redis import SharedRedis, open_redis
from tests.backend.services.api_gateway.replicas import PATIENT_SECONDS, World
from tests.fixtures.redis_server import RedisServer

NUMBERS = itertools.count()
# Nothing here runs out at the very moment of a wait's end, where rounding to milliseconds would decide.
RULES = BreakerSettings(minimum_calls=4, open_seconds=1.0, open_seconds_cap=4.0, lease_seconds=2.1)

Event = tuple[str, object, float]
WAITS = st.sampled_from([0.25, 1.0, 2.0, 61.0])
LENGTHS = st.sampled_from([0.1, 5.0])

# An outage opens, and waiting until probes are due half-opens: without these two events chance alone would
# hardly ever get there.
events = st.lists(
    st.one_of(
        st.tuples(st.just("outage"), st.none(), st.just(0.0)),
        st.tuples(st.just("wait until probes are due"), st.none(), st.just(0.0)),
        st.tuples(st.just("wait"), st.none(), WAITS),
        st.tuples(st.just("ask"), st.none(), st.just(0.0)),
        st.tuples(st.just("end"), st.sampled_from(Verdict), LENGTHS),
        st.tuples(st.just("call"), st.sampled_from(Verdict), LENGTHS),
        st.tuples(st.just("call"), st.sampled_from(Verdict), LENGTHS),
        st.tuples(st.just("control"), st.sampled_from(ControlAction), st.sampled_from([1.1, 3.1, 90.1])),
    ),
    min_size=10,
    max_size=40,
)


class Side:
    """A breaker whose decisions one of the two implementations takes."""

    def __init__(self, world: World, sharing: Sharing) -> None:
        self.world = world
        self.told: list[Transition] = []
        self.breaker = Breaker("search", RULES, world.clock(0.0), self.told.append, lambda: 0.75)
        self.sharing = sharing
        self.permits: list[Permit | Rejection] = []

    async def admit(self) -> Permit | Rejection:
        return self.breaker.quick() or await self.sharing.probe(self.breaker)

    async def report(self, permit: Permit | Rejection, verdict: Verdict, seconds: float) -> None:
        if isinstance(permit, Permit) and self.breaker.note(permit, verdict, seconds):
            await self.sharing.decide(self.breaker, permit, verdict)

    async def do(self, event: Event) -> None:
        kind, what, seconds = event
        if kind == "ask":
            self.permits.append(await self.admit())
        elif kind == "end" and self.permits:
            assert isinstance(what, Verdict)
            await self.report(self.permits.pop(0), what, seconds)
        elif kind == "call":
            assert isinstance(what, Verdict)
            await self.report(await self.admit(), what, seconds)
        elif kind == "outage":
            for _ in range(4):
                await self.report(await self.admit(), Verdict.FAILURE, seconds)
        elif kind == "control":
            assert isinstance(what, ControlAction)
            await self.control(what, seconds)

    async def control(self, action: ControlAction, seconds: float) -> None:
        now = self.world.now
        override = Override(author="anna", reason="tests", since=now, until=now + seconds)
        try:
            await self.sharing.control([self.breaker], action, override)
        except EpochConflictError:  # something had run out that this side had not noticed yet
            await self.sharing.control([self.breaker], action, override)


def same(one: Side, other: Side) -> None:
    """Both tell, hold and answer the same; the script rounds to milliseconds."""
    left, right = one.breaker.record, other.breaker.record
    assert (left.state, left.epoch, left.reason) == (right.state, right.epoch, right.reason)
    assert (left.exponent, left.opened, left.issued) == (right.exponent, right.opened, right.issued)
    assert (left.successes, left.failures) == (right.successes, right.failures)
    assert left.override.control == right.override.control
    assert left.leases == pytest.approx(right.leases, abs=0.002)
    assert left.retry_at == pytest.approx(right.retry_at, abs=0.002)
    assert left.since == pytest.approx(right.since, abs=0.002)
    assert one.breaker.totals() == other.breaker.totals()
    assert [type(permit) for permit in one.permits] == [type(permit) for permit in other.permits]
    for first, second in zip(one.told, other.told, strict=True):
        assert (first.from_state, first.to_state, first.reason) == (
            second.from_state, second.to_state, second.reason,
        )  # fmt: skip
        assert (first.epoch, first.failures) == (second.epoch, second.failures)
        assert first.retry_in == pytest.approx(second.retry_in, abs=0.002)


async def run_both(sequence: list[Event], redis: SharedRedis) -> None:
    world, provider = World(), f"p{next(NUMBERS)}"
    clock = world.clock(0.0)
    python = Side(world, LocalSharing())
    sharing = RedisSharing(redis, provider, Replicas(redis, "r"), clock, lambda: 0.75, world.server_time)
    lua = Side(world, sharing)
    for event in sequence:
        world.now += event[2] if event[0] == "wait" else 0.0
        if event[0] == "wait until probes are due":
            world.now = max(world.now, (python.breaker.record.retry_at or 0.0) + 0.003)
        # The script lets end what has run out whenever it is asked; the other side is told to.
        python.breaker.settle()
        await lua.sharing.refresh([lua.breaker])
        await python.do(event)
        await lua.do(event)
        same(python, lua)


@given(sequence=events)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_decides_as_the_machine_does(sequence: list[Event], redis_process: RedisServer) -> None:
    run_with(redis_process, lambda redis: run_both(sequence, redis))


def run_with(server: RedisServer, work: Callable[[SharedRedis], Awaitable[None]]) -> None:
    """Run `work` with a client of its own in a loop of its own."""

    async def main() -> None:
        async with open_redis(SecretStr(server.url), PATIENT_SECONDS) as redis:
            await work(redis)
            assert redis.healthy

    asyncio.run(main())

"""Three replicas, any sequence of calls and operators, a Redis lost or emptied: they agree in the end."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pydantic import SecretStr
from redis.asyncio import Redis

from backend.contracts.control import ControlAction
from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.board import Admission
from backend.services.api_gateway.breakers.model import Verdict
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis, open_redis
from tests.backend.services.api_gateway.replicas import PATIENT_SECONDS, SEARCH, Replica, World
from tests.fixtures.redis_server import RedisServer

Result = TypeVar("Result")
NUMBERS = itertools.count()
REPLICAS = st.integers(0, 2)


class LosableRedis(SharedRedis):
    """One replica's way to the server, which can be cut."""

    lost = False

    async def ask(self, request: Callable[[Redis], Awaitable[Result]]) -> Result:
        if self.lost:
            raise RedisUnavailableError("cut by the test")
        return await super().ask(request)


class Replicas(RuleBasedStateMachine):
    """Three replicas whose clocks differ; each has its own way to one server."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world, provider = World(), f"machine{next(NUMBERS)}"
        self.opened = open_redis(SecretStr(self.url), PATIENT_SECONDS)
        client = self.run(self.opened.__aenter__()).client
        self.ways = [LosableRedis(client) for _ in range(3)]
        self.replicas = [
            Replica(self.world, way, f"r{number}", provider=provider, clock_start=1_000.0 * number)
            for number, way in enumerate(self.ways)
        ]
        self.under_way: list[tuple[Replica, Admission]] = []
        self.epochs = [0, 0, 0]
        self.last: tuple[float, ControlAction] | None = None

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @rule(seconds=st.sampled_from([1.5, 16.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.world.now += seconds

    @rule(number=REPLICAS, verdict=st.sampled_from(Verdict), times=st.sampled_from([1, 5]))
    def call(self, number: int, verdict: Verdict, times: int) -> None:
        for _ in range(times):
            self.ask(number)
            self.end(verdict)

    @rule(number=REPLICAS)
    def ask(self, number: int) -> None:
        replica = self.replicas[number]
        answer = self.run(replica.board.admit(SEARCH))
        if isinstance(answer, Admission):
            self.under_way.append((replica, answer))

    @rule(verdict=st.sampled_from(Verdict))
    def end(self, verdict: Verdict) -> None:
        if self.under_way:
            replica, admission = self.under_way.pop()
            self.run(replica.board.report(admission, verdict, 0.1))

    @rule(number=REPLICAS, action=st.sampled_from(ControlAction))
    def control(self, number: int, action: ControlAction) -> None:
        self.world.now += 2  # two operators within a second count as one
        done = self.run(self.replicas[number].control(action, SEARCH, minutes=10))
        if done and action is not ControlAction.PROBE:
            self.last = (self.world.now, action)

    @rule(number=REPLICAS, lost=st.booleans())
    def cut(self, number: int, lost: bool) -> None:
        self.ways[number].lost = lost

    @rule()
    def empty(self) -> None:
        self.run(self._flush())

    async def _flush(self) -> None:
        await self.ways[0].client.flushall()

    @rule(number=REPLICAS)
    def refresh(self, number: int) -> None:
        self.run(self.replicas[number].board.refresh())

    @invariant()
    def epochs_never_go_backwards(self) -> None:
        for number, replica in enumerate(self.replicas):
            epoch = replica.search.shared_record.epoch
            assert epoch >= self.epochs[number]
            self.epochs[number] = epoch

    def teardown(self) -> None:
        try:
            for way in self.ways:
                way.lost = False
            for replica in self.replicas * 2:  # the second round tells the first ones what the last one knew
                self.run(replica.board.refresh())
            self.agree()
        finally:
            self.run(self.opened.__aexit__(None, None, None))
            self.runner.close()

    def agree(self) -> None:
        records = [replica.search.shared_record for replica in self.replicas]
        assert len({(record.state, record.epoch, record.reason) for record in records}) == 1
        controls = {record.override.control for record in records}
        assert len(controls) == 1
        if self.last is not None and self.world.now < self.last[0] + 600:
            assert controls == {_CONTROLS[self.last[1]]}
            if self.last[1] is ControlAction.FORCE_OPEN:
                assert records[0].state is BreakerState.OPEN
                assert all(self.run(replica.refused()) for replica in self.replicas)


_CONTROLS = {
    ControlAction.FORCE_OPEN: BreakerControl.FORCED_OPEN,
    ControlAction.DISABLE: BreakerControl.DISABLED,
    ControlAction.SHADOW: BreakerControl.SHADOW,
    ControlAction.CLOSE: BreakerControl.AUTOMATIC,
}


def test_replicas_agree_in_the_end_whatever_happened(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Replicas, "url", redis_server.url)
    run_state_machine_as_test(
        Replicas, settings=settings(max_examples=30, stateful_step_count=30, deadline=None)
    )

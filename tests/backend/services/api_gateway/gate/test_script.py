"""The Lua script decides as the ledger in Python does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.services.api_gateway.gate.ledger import Ledger, Turns, View
from backend.services.api_gateway.gate.limit import SECOND, RateLimit
from backend.services.api_gateway.gate.shared_store import SCRIPT, Reply
from tests.fixtures.redis_server import RedisServer

LIMITS = [
    RateLimit(1, 1.05),
    RateLimit(3, 2.0),
    RateLimit(7, 3.3, burst=2),
    RateLimit(50, 5.1),
    RateLimit(4, 1.0, burst=1),
]
LUA = SCRIPT.read_text(encoding="utf-8")
NAMES = count()
NUMBERS = ("bulk_slot", "closed_until", "streak", "pause", "ceiling", "left", "left_until")


@dataclass
class Twins:
    """The same requests to both; `credentials` of the caller may change between them."""

    client: redis.Redis
    limit: RateLimit
    now: int = 1_764_000_000 * SECOND
    ledger: Ledger = field(init=False)
    keys: list[str] = field(default_factory=lambda: [f"{part}{next(NAMES)}" for part in "abc"])

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.limit, "first")

    def lua(self, request: str, *arguments: int | str) -> View:
        limit = (self.limit.calls, self.limit.window, self.limit.at_once)
        head = (request, self.now, "replica", self.ledger.credentials)
        raw: Any = self.client.eval(LUA, 3, *self.keys, *map(str, (*head, *limit, *arguments)))
        return Reply.read(raw).view

    def assert_same_state(self) -> None:
        kept: Any = self.client.hmget(self.keys[0], *NUMBERS)
        mine = [getattr(self.ledger, name) for name in NUMBERS]
        assert [int(value or 0) for value in kept] == mine
        slots: Any = self.client.lrange(self.keys[1], 0, -1)
        assert [int(slot) for slot in slots] == self.ledger.slots

    def reserve(self, ahead: int, bulk: bool, not_before: int, turns: Turns | None) -> tuple[View, View]:
        begin = self.now + not_before
        mine = self.ledger.reserve(self.now, ahead, bulk=bulk, not_before=begin, turns=turns)
        cycle, phase = (turns.cycle, turns.phase) if turns else (0, 0)
        return mine, self.lua("reserve", ahead, int(bulk), begin, cycle, phase)

    def close(self, back: int, wait: int, quota: bool, jitter: int) -> tuple[View, View]:
        slot = self.now - back
        mine = self.ledger.close(self.now, slot, wait, quota=quota, jitter=jitter, reason="slow – down")
        return mine, self.lua("close", slot, wait, int(quota), jitter, "slow – down")

    def observe(self, back: int, ceiling: int, left: int, lasting: int) -> tuple[View, View]:
        slot = self.now - back
        mine = self.ledger.observe(self.now, slot, ceiling, left, self.now + lasting)
        return mine, self.lua("observe", slot, ceiling, left, lasting)

    def block(self) -> tuple[View, View]:
        return self.ledger.block(self.now, "refused"), self.lua("block", "refused")

    def unblock(self) -> tuple[View, View]:
        return self.ledger.unblock(self.now), self.lua("unblock")

    def exchange_credentials(self) -> tuple[View, View]:
        self.ledger.credentials = "second" if self.ledger.credentials == "first" else "first"
        return self.ledger.view(self.now), self.lua("view")

    def wait(self, by: int) -> tuple[View, View]:
        self.now += by
        return self.ledger.view(self.now), self.lua("view")


Step = Callable[[Twins], tuple[View, View]]
MOMENTS = st.integers(0, 8 * SECOND)
TURNS = st.none() | st.builds(Turns, st.integers(1, 3 * SECOND), MOMENTS)


def steps() -> st.SearchStrategy[Step]:
    reserve = st.tuples(MOMENTS, st.booleans(), st.integers(-SECOND, SECOND), TURNS)
    back = st.just(0) | MOMENTS
    unnamed = st.tuples(st.just(0), st.sampled_from([0, -1]), st.just(False), st.integers(0, 1_000))
    named = st.tuples(back, st.sampled_from([1, SECOND, 3_600 * SECOND, 10**15]), st.booleans(), st.just(0))
    observe = st.tuples(back, st.integers(0, 60), st.integers(-1, 60), MOMENTS)
    waits = MOMENTS | st.integers(0, 4_000 * SECOND)
    return st.one_of(
        reserve.map(lambda taken: lambda twins: twins.reserve(*taken)),
        reserve.map(lambda taken: lambda twins: twins.reserve(*taken)),
        unnamed.map(lambda taken: lambda twins: twins.close(*taken)),
        named.map(lambda taken: lambda twins: twins.close(*taken)),
        observe.map(lambda taken: lambda twins: twins.observe(*taken)),
        waits.map(lambda by: lambda twins: twins.wait(by)),
        st.just(Twins.block),
        st.just(Twins.unblock),
        st.just(Twins.exchange_credentials),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LIMITS), st.lists(steps(), min_size=1, max_size=40))
def test_every_request_has_the_same_answer(
    redis_server: RedisServer, limit: RateLimit, course: list[Step]
) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        twins = Twins(client, limit)
        for step in course:
            in_python, in_lua = step(twins)
            assert in_lua == in_python
            twins.assert_same_state()
        client.delete(*twins.keys)


def test_the_pause_doubles_in_both_until_a_window_passed_in_peace(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        twins = Twins(client, LIMITS[1])
        for round_ in range(10):
            in_python, in_lua = twins.close(0, 0, False, 250)
            assert in_lua == in_python
            twins.assert_same_state()
            assert in_python.closed_until > twins.now
            twins.wait(in_python.closed_until - twins.now + round_ // 9 * 61 * SECOND)
        assert twins.ledger.streak == 7
        twins.close(0, 0, False, 250)
        twins.assert_same_state()
        assert twins.ledger.streak == 1

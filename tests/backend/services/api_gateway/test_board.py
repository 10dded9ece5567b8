"""The breakers of one provider together: kinds of calls, and the host above them."""

import asyncio

import pytest

from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.gateway import Outcome
from backend.contracts.providers import HOST, BreakerControl, BreakerState, EndpointClass
from backend.services.api_gateway.breakers.board import Admission, BreakerBoard
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import (
    BreakerSettings,
    EpochConflictError,
    Permit,
    Rejection,
    Transition,
    Verdict,
)
from backend.services.api_gateway.breakers.sharing import LocalSharing
from backend.services.api_gateway.outcomes import verdict_of

SEARCH, LOOKUP, TOKEN = EndpointClass.SEARCH, EndpointClass.LOOKUP, EndpointClass.TOKEN


class Unanswered(LocalSharing):
    """Gives leave for probes of the host; those of its kinds of calls get no answer."""

    async def probe(self, breaker: Breaker) -> Permit | Rejection:
        if breaker.endpoint != HOST:
            await asyncio.Event().wait()
        return await super().probe(breaker)


class Bench:
    """A board, its clock, and what it told."""

    def __init__(
        self, minimum_calls: int = 10, probes_at_once: int = 2, sharing: LocalSharing | None = None
    ) -> None:
        self.now = 1_000.0
        self.told: list[Transition] = []
        settings = BreakerSettings(minimum_calls=minimum_calls, jitter=0.0, probes_at_once=probes_at_once)
        self.board = BreakerBoard(
            "deezer", settings, lambda: self.now, self.told.append, sharing, draw=lambda: 0.5
        )

    async def admit(self, endpoint: EndpointClass) -> Admission:
        admission = await self.board.admit(endpoint)
        assert isinstance(admission, Admission)
        return admission

    async def call(self, endpoint: EndpointClass, verdict: Verdict, times: int = 1) -> None:
        for _ in range(times):
            await self.board.report(await self.admit(endpoint), verdict, 0.1)

    def state(self, endpoint: str) -> BreakerState:
        return self.board.breaker(endpoint).record.state

    async def control(self, action: ControlAction, endpoint: str | None = None, **more: int) -> list[str]:
        request = ControlRequest(action=action, endpoint=endpoint, reason="tests", author="anna", **more)
        return await self.board.control(request)


async def test_one_kind_of_call_opens_without_the_others() -> None:
    bench = Bench()
    await bench.call(TOKEN, Verdict.FAILURE, times=10)
    assert isinstance(await bench.board.admit(TOKEN), Rejection)
    await bench.call(SEARCH, Verdict.SUCCESS)
    worst = bench.board.status()
    assert (worst.endpoint, worst.state) == ("token", BreakerState.OPEN)
    assert set(bench.board.statuses()) == {"search", "lookup", "token", HOST}


async def test_a_host_that_cannot_be_reached_opens_for_all_within_five_calls() -> None:
    bench = Bench()
    for endpoint in (SEARCH, LOOKUP, SEARCH, TOKEN, SEARCH):
        await bench.call(endpoint, Verdict.UNREACHABLE)
    assert [(change.endpoint, change.to_state) for change in bench.told] == [(HOST, BreakerState.OPEN)]
    for endpoint in EndpointClass:
        assert isinstance(await bench.board.admit(endpoint), Rejection)
        assert bench.board.refusal(endpoint) is not None
    assert bench.board.status().reason == "could not be reached 5 times in a row"


async def test_failures_that_reached_the_host_do_not_open_its_breaker() -> None:
    bench = Bench()
    for verdict in [Verdict.UNREACHABLE, Verdict.UNREACHABLE, Verdict.FAILURE] * 3:
        await bench.call(SEARCH, verdict)
    assert bench.state(HOST) is BreakerState.CLOSED


async def test_after_an_outage_of_the_host_no_kind_of_call_is_held_to_its_failures() -> None:
    bench = Bench(minimum_calls=5)
    await bench.call(SEARCH, Verdict.UNREACHABLE, times=4)
    await bench.call(LOOKUP, Verdict.UNREACHABLE)
    bench.now += 15
    await bench.call(SEARCH, Verdict.SUCCESS, times=2)
    assert bench.state(HOST) is BreakerState.CLOSED
    await bench.call(SEARCH, Verdict.FAILURE)
    assert bench.state(SEARCH) is BreakerState.CLOSED


async def test_a_call_cancelled_while_replicas_agree_on_its_probe_gives_the_hosts_permit_back() -> None:
    bench = Bench(sharing=Unanswered())
    await bench.call(SEARCH, Verdict.FAILURE, times=10)
    await bench.call(LOOKUP, Verdict.UNREACHABLE, times=5)
    bench.now += 15
    asking = asyncio.create_task(bench.board.admit(SEARCH))
    await asyncio.sleep(0)
    assert bench.board.breaker(HOST).record.leases
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not bench.board.breaker(HOST).record.leases


async def test_a_probe_refused_by_its_kind_gives_the_hosts_permit_back() -> None:
    bench = Bench(probes_at_once=1)
    await bench.call(SEARCH, Verdict.FAILURE, times=10)
    await bench.call(LOOKUP, Verdict.UNREACHABLE, times=5)
    bench.now += 14
    await bench.control(ControlAction.PROBE, HOST)
    assert isinstance(await bench.board.admit(SEARCH), Rejection)
    await bench.call(LOOKUP, Verdict.SUCCESS, times=2)
    assert bench.state(HOST) is BreakerState.CLOSED


async def test_while_all_probes_are_under_way_nobody_need_queue_for_the_rate_gate() -> None:
    bench = Bench(probes_at_once=1)
    await bench.call(SEARCH, Verdict.FAILURE, times=10)
    bench.now += 15
    assert bench.board.refusal(SEARCH) is None
    probe = await bench.admit(SEARCH)
    refusal = bench.board.refusal(SEARCH)
    assert refusal is not None
    assert refusal.reason == "probes are under way"
    await bench.board.report(probe, Verdict.SUCCESS, 0.1)
    assert bench.board.refusal(SEARCH) is None
    await bench.admit(SEARCH)  # and never reports
    assert bench.board.refusal(SEARCH) is not None
    bench.now += 20
    assert bench.board.refusal(SEARCH) is None


async def test_an_hour_of_throttling_and_not_found_never_opens() -> None:
    bench = Bench(minimum_calls=5)
    outcomes = [Outcome.THROTTLED] * 3 + [Outcome.NOT_FOUND] * 2 + [Outcome.OK] * 5
    for second in range(3_600):
        bench.now += 1
        await bench.call(SEARCH, verdict_of(outcomes[second * 7 % 10]))
    assert bench.told == []


async def test_a_cancelled_call_counts_for_nothing_and_gives_both_permits_back() -> None:
    bench = Bench(probes_at_once=1)
    await bench.call(SEARCH, Verdict.UNREACHABLE, times=5)
    bench.now += 15
    for _ in range(10):
        await bench.call(SEARCH, Verdict.NEUTRAL)
    assert bench.state(HOST) is BreakerState.HALF_OPEN


async def test_the_epoch_an_operator_expects_is_that_of_the_whole_provider() -> None:
    bench = Bench()
    seen = bench.board.status().epoch
    await bench.call(LOOKUP, Verdict.FAILURE, times=10)
    with pytest.raises(EpochConflictError):
        await bench.control(ControlAction.DISABLE, "search", expected_epoch=seen)
    assert await bench.control(ControlAction.DISABLE, "search", expected_epoch=seen + 1) == ["search"]
    assert bench.board.statuses()["search"].control.control is BreakerControl.DISABLED


async def test_a_breaker_in_shadow_holds_nothing_back_and_is_not_the_worst() -> None:
    bench = Bench()
    await bench.control(ControlAction.SHADOW, "search")
    await bench.call(SEARCH, Verdict.FAILURE, times=12)
    assert bench.state(SEARCH) is BreakerState.OPEN
    assert bench.board.state is BreakerState.CLOSED
    await bench.call(LOOKUP, Verdict.FAILURE, times=10)
    bench.now += 15
    await bench.admit(LOOKUP)
    assert bench.board.status().endpoint == "lookup"


async def test_an_override_ends_without_any_call() -> None:
    bench = Bench()
    await bench.control(ControlAction.FORCE_OPEN, minutes=1)
    assert bench.board.state is BreakerState.OPEN
    bench.now += 60
    await bench.board.refresh()
    assert {change.to_state for change in bench.told[6:]} == {BreakerState.HALF_OPEN}


async def test_an_unknown_kind_of_call_cannot_be_controlled() -> None:
    with pytest.raises(ValueError, match="'lyrics' is not a valid EndpointClass"):
        await Bench().control(ControlAction.CLOSE, "lyrics")

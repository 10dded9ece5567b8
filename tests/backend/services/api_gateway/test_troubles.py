"""What the gateway does when providers misbehave: the simulator's knobs, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.gateway import Outcome, SearchRequest
from backend.contracts.providers import BreakerState
from backend.sandbox.chance import fraction
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.bench import Bench
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import SimulatorHandle

STROBE = SearchRequest(artist_name="deadmau5", track_title="Strobe")


def by_hand(action: ControlAction) -> ControlRequest:
    """What an operator asks."""
    return ControlRequest(action=action, reason="the provider is well again", author="ada@desk")


def song(number: int) -> SearchRequest:
    """A search that is not in the cache yet."""
    return SearchRequest(artist_name="Nobody", track_title=f"Song {number}")


@pytest.mark.parametrize(
    "name", ["spotify", "deezer", "discogs", "listenbrainz", "itunes", "lastfm", "beatport"]
)
async def test_errors_open_the_breaker_and_then_nothing_reaches_the_provider(
    bench: Bench, simulator: SimulatorHandle, name: str
) -> None:
    simulator.turn(name, error_rate=1.0, enforce_limit=False)
    minimum = bench[name].breaker_status().minimum_calls
    for number in range(minimum):
        assert (await bench[name].search(song(number), None)).outcome is Outcome.FAILURE
    before = simulator.counts(name)["requests"]
    rejected = await bench[name].search(song(1_000), None)
    assert (rejected.status, rejected.outcome) == ("breaker_open", Outcome.BREAKER_OPEN)
    assert rejected.retry_at is not None
    assert simulator.counts(name)["requests"] == before
    assert bench[name].status().status == "unavailable"
    assert [(event.from_state, event.to_state) for event in bench.breaker_events()] == [("closed", "open")]


async def test_a_reset_lets_calls_through_again(bench: Bench, simulator: SimulatorHandle) -> None:
    simulator.turn("deezer", error_rate=1.0, enforce_limit=False)
    for number in range(20):
        await bench["deezer"].search(song(number), None)
    simulator.rest()
    await bench["deezer"].control(by_hand(ControlAction.CLOSE))
    assert (await bench["deezer"].search(STROBE, None)).status == "success"
    assert bench["deezer"].breaker_status().state is BreakerState.CLOSED


@pytest.mark.parametrize(
    "name",
    ["musicbrainz", "spotify", "deezer", "discogs", "listenbrainz", "itunes", "lastfm", "beatport"],
)
async def test_throttling_closes_the_gate_and_not_the_breaker(
    bench: Bench, simulator: SimulatorHandle, name: str
) -> None:
    simulator.turn(name, throttle_rate=1.0, retry_after_seconds=40, enforce_limit=False)
    first = await bench[name].search(STROBE, None)
    assert first.outcome is Outcome.THROTTLED
    assert first.retry_at is not None
    before = simulator.counts(name)["requests"]
    gate = bench[name].status().rate_gate
    assert gate.state == "cooling"
    if name != "deezer":  # Deezer names no time to wait
        second = await bench[name].search(song(1), None)
        assert second.outcome is Outcome.THROTTLED
        assert simulator.counts(name)["requests"] == before
    assert bench[name].breaker_status().state is BreakerState.CLOSED
    assert bench[name].breaker_status().calls_in_window == 0


async def test_a_day_long_retry_after_is_shown_as_a_quota_with_its_end(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    simulator.turn("spotify", throttle_rate=1.0, retry_after_seconds=86_400, enforce_limit=False)
    await bench["spotify"].search(STROBE, None)
    status = bench["spotify"].status()
    assert status.status == "degraded"
    assert status.rate_gate.state == "quota"
    assert status.rate_gate.until is not None
    assert (await bench["spotify"].search(STROBE, None)).outcome is Outcome.QUOTA


async def test_refused_credentials_block_the_provider_and_say_so(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    simulator.turn("spotify", refuse_credentials=True, enforce_limit=False)
    refused = await bench["spotify"].search(STROBE, None)
    assert (refused.status, refused.outcome) == ("credential", Outcome.CREDENTIAL)
    before = simulator.counts("spotify")["requests"]
    assert (await bench["spotify"].search(STROBE, None)).outcome is Outcome.CREDENTIAL
    assert simulator.counts("spotify")["requests"] == before
    assert bench["spotify"].status().status == "unavailable"
    simulator.rest()
    await bench["spotify"].control(by_hand(ControlAction.CLOSE))
    assert (await bench["spotify"].search(STROBE, None)).status == "success"


@pytest.mark.parametrize("name", ["spotify", "beatport"])
async def test_a_revoked_token_is_renewed_once_and_the_search_succeeds(
    bench: Bench, simulator: SimulatorHandle, name: str
) -> None:
    assert (await bench[name].search(STROBE, None)).status == "success"
    simulator.revoke_tokens(name)
    assert (await bench[name].search(song(1), None)).status == "partial"
    endpoints = [record.endpoint for record in bench.responses()]
    assert endpoints == ["token", "search", "search", "token", "search"]


async def test_a_hundred_identical_searches_make_one_call(bench: Bench, simulator: SimulatorHandle) -> None:
    simulator.turn("deezer", latency_ms=50, enforce_limit=False)
    before = simulator.counts("deezer")["requests"]
    answers = await asyncio.gather(*(bench["deezer"].search(STROBE, None) for _ in range(100)))
    assert {answer.status for answer in answers} == {"success"}
    assert simulator.counts("deezer")["requests"] == before + 1


async def test_the_simulated_limit_is_never_exceeded_under_load(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    simulator.turn("deezer")
    before = simulator.counts("deezer")["troubles"].get("over_limit", 0)
    answers = await asyncio.gather(*(bench["deezer"].track(str(n), None) for n in range(1, 91)))
    outcomes = {answer.outcome for answer in answers}
    assert outcomes <= {Outcome.NOT_FOUND, Outcome.THROTTLED}  # throttled: would wait over 3 s
    assert sum(answer.outcome is Outcome.NOT_FOUND for answer in answers) >= 50
    assert simulator.counts("deezer")["troubles"].get("over_limit", 0) == before


async def test_a_provider_that_cannot_be_reached_opens_within_five_calls() -> None:
    settings = GatewaySettings(port=8022, simulator_url=f"http://127.0.0.1:{free_port()}", retry_share=0)
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        for number in range(5):
            answer = await providers["deezer"].search(song(number), None)
            assert (answer.outcome, answer.detail) == (
                Outcome.FAILURE,
                "the provider could not be reached",
            )
        assert providers["deezer"].breaker_status().state is BreakerState.OPEN


async def test_a_failure_that_passes_is_not_noticed_by_the_asker(simulator: SimulatorHandle) -> None:
    settings = GatewaySettings(port=8022, simulator_url=simulator.url)
    recorder = Recorder(Database({}, name="never opened"))
    simulator.turn("deezer", error_rate=0.5, seed=_seed_of_one_failure(), enforce_limit=False)
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        answer = await providers["deezer"].search(STROBE, None)
    assert (answer.status, answer.outcome) == ("success", Outcome.OK)
    responses = Bench(dict(providers), recorder).responses()
    assert [response.outcome for response in responses] == [Outcome.FAILURE, Outcome.OK]
    assert providers["deezer"].breaker_status().failures_in_window == 1


def _seed_of_one_failure() -> int:
    """A seed of the simulator with which the first request fails and the next two do not."""
    draws = {seed: [fraction(seed, "deezer", "error", n) < 0.5 for n in (1, 2, 3)] for seed in range(100)}
    return next(seed for seed, failing in draws.items() if failing == [True, False, False])


async def test_while_a_provider_fails_an_answer_past_its_time_stands_in(
    aged_bench: tuple[Bench, list[float]], simulator: SimulatorHandle
) -> None:
    bench, clock = aged_bench
    fresh = await bench["deezer"].search(STROBE, None)
    clock[0] += 9 * 86_400
    simulator.turn("deezer", error_rate=1.0, enforce_limit=False)
    stale = await bench["deezer"].search(STROBE, None)
    assert stale.status == "success"
    assert stale.cached
    assert stale.results == fresh.results
    assert stale.detail.startswith("an older answer, because Deezer said: Service busy")


@pytest.fixture
async def aged_bench(
    simulator: SimulatorHandle, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Bench, list[float]]]:
    """A bench whose clock a test can put forward."""
    clock = [1_000.0]
    monkeypatch.setattr("backend.services.api_gateway.assembly.time", lambda: clock[0])
    settings = GatewaySettings(port=8022, simulator_url=simulator.url)
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        yield Bench(dict(providers), recorder), clock


async def test_without_credentials_a_live_provider_says_so_and_is_not_called() -> None:
    settings = GatewaySettings(port=8022, simulated_providers=("musicbrainz", "deezer"))
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        conditions = {
            **dict.fromkeys(("spotify", "lastfm", "beatport"), "no_credentials"),
            "discogs": "degraded",
        }
        for name, condition in conditions.items():
            answer = await providers[name].search(STROBE, None)
            assert answer.status == "no_credentials"
            assert "needs a" in answer.detail
            status = providers[name].status()
            assert (status.status, status.mode) == (condition, "live")
            assert status.missing_credentials == answer.detail
    assert Bench(dict(providers), recorder).responses() == []


async def test_discogs_looks_releases_up_without_a_token_and_at_the_lower_limit(
    bench: Bench, simulator: SimulatorHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (await bench["discogs"].search(STROBE, None)).results[0]
    monkeypatch.setattr("backend.services.api_gateway.providers.discogs.LIVE_URL", f"{simulator.url}/discogs")
    settings = GatewaySettings(port=8022, simulated_providers=())
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        answer = await providers["discogs"].track(found.provider_id, None)
        assert answer.data == found
        assert (await providers["discogs"].search(STROBE, None)).status == "no_credentials"
        assert providers["discogs"].status().rate_gate.limit == 24


async def test_a_cancelled_caller_leaves_breaker_and_gate_usable(
    bench: Bench, simulator: SimulatorHandle
) -> None:
    simulator.turn("deezer", latency_ms=200, enforce_limit=False)
    asking = asyncio.create_task(bench["deezer"].search(STROBE, None))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await bench["deezer"].search(STROBE, None)).status == "success"
    assert bench["deezer"].breaker_status().failures_in_window == 0

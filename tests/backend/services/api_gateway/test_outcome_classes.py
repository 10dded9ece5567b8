"""Section 4A of the design, provider by provider: what each answer is, and what follows from it.

Every case goes over real HTTP through rate gate, breaker and cache, to a server that gives the answer.
"""

import json
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.gateway import Outcome, SearchRequest
from backend.contracts.providers import HOST, GateState
from backend.http import httpx
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.calls.switches import REFUSALS
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.bench import Bench
from tests.fixtures.scripted_provider import Answer, ScriptedProvider, running_scripted_provider

STROBE = SearchRequest(artist_name="deadmau5", track_title="Strobe")
CLOSE = ControlRequest(action=ControlAction.CLOSE, reason="the contract was renewed", author="ada@desk")
MBID = "6cc05a3e-d65b-5f6c-8333-d4cc700786d7"
TRACKS = {
    "musicbrainz": MBID,
    "spotify": "0" * 22,
    "deezer": "1",
    "discogs": "1-A1",
    "listenbrainz": MBID,
    "coverartarchive": MBID,
}
"""An identifier of each provider's form."""


@dataclass(frozen=True)
class Case:
    """An answer of a provider, to a look-up unless it says `search`, and its class."""

    provider: str
    outcome: Outcome
    answer: Answer
    operation: str = "track"

    def __str__(self) -> str:
        return f"{self.provider}-{self.outcome}-{self.answer.status}-{self.answer.body[:24].decode()}"


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), named)


def found(provider: str, body: Any, operation: str = "track") -> Case:
    return Case(provider, Outcome.OK, says(body), operation)


def search(provider: str, outcome: Outcome, answer: Answer) -> Case:
    return Case(provider, outcome, answer, "search")


HTML = Answer(200, b"<html>Sorry</html>", {"Content-Type": "text/html"})
EVERYWHERE = [
    (Outcome.CONTRACT, HTML),
    (Outcome.CONTRACT, Answer(200, b"[1")),
    (Outcome.CONTRACT, says([])),
    (Outcome.FAILURE, Answer(500, b"")),
    (Outcome.FAILURE, Answer(502, b"")),
    (Outcome.FAILURE, Answer(503, b"maintenance")),
    (Outcome.FAILURE, Answer(504, b"")),
    (Outcome.FAILURE, Answer(200, b"", {"Content-Length": "9"})),
    (Outcome.BAD_REQUEST, Answer(400, b"")),
    (Outcome.BAD_REQUEST, Answer(422, b"")),
    (Outcome.CAPABILITY_GONE, Answer(410, b"")),
    (Outcome.THROTTLED, Answer(429, b"", {"Retry-After": "30"})),
    (Outcome.QUOTA, Answer(429, b"", {"Retry-After": "86400"})),
    (Outcome.CREDENTIAL, Answer(401, b"")),
    (Outcome.NOT_FOUND, Answer(404, b"")),
]
"""What every provider means when it says this."""
OWN = [
    found("musicbrainz", {"id": MBID, "title": "Strobe", "artist-credit": [{"name": "deadmau5"}]}),
    search("musicbrainz", Outcome.NOT_FOUND, says({"recordings": []})),
    search("musicbrainz", Outcome.CONTRACT, says({"works": []})),
    Case("musicbrainz", Outcome.THROTTLED, says({"error": "exceeding the allowable rate limit"}, 503)),
    Case("musicbrainz", Outcome.BAD_REQUEST, Answer(403, b"")),
    found("spotify", {"id": "0" * 22, "name": "Strobe", "artists": [{"name": "deadmau5"}]}),
    search("spotify", Outcome.NOT_FOUND, says({"tracks": {"items": []}})),
    search("spotify", Outcome.CONTRACT, says({"tracks": {}})),
    Case("spotify", Outcome.CAPABILITY_GONE, says({"error": {"status": 403}}, 403)),
    Case("spotify", Outcome.QUOTA, says({"error": {"reason": "QUOTA_EXCEEDED"}}, 429)),
    found("deezer", {"id": 1, "title": "Strobe", "artist": {"name": "deadmau5"}}),
    search("deezer", Outcome.NOT_FOUND, says({"data": [], "total": 0})),
    search("deezer", Outcome.CONTRACT, says({"total": 0})),
    Case("deezer", Outcome.NOT_FOUND, says({"error": {"code": 800, "message": "no data"}})),
    Case("deezer", Outcome.THROTTLED, says({"error": {"code": 4, "message": "Quota limit exceeded"}})),
    Case("deezer", Outcome.THROTTLED, Answer(200, b"")),
    Case("deezer", Outcome.CREDENTIAL, says({"error": {"code": 300, "message": "Invalid token"}})),
    Case("deezer", Outcome.BAD_REQUEST, says({"error": {"code": 501, "message": "Missing parameters"}})),
    Case("deezer", Outcome.FAILURE, says({"error": {"code": 700, "message": "Service busy"}})),
    found(
        "discogs",
        {
            "id": 1,
            "title": "4x4=12",
            "artists": [{"name": "deadmau5"}],
            "tracklist": [{"type_": "track", "title": "Strobe", "position": "A1"}],
        },
    ),
    search("discogs", Outcome.NOT_FOUND, says({"results": []})),
    search("discogs", Outcome.CONTRACT, says({"results": [{"title": "no id"}]})),
    Case("discogs", Outcome.CAPABILITY_GONE, Answer(403, b"")),
    found(
        "listenbrainz",
        {MBID: {"recording": {"name": "Strobe"}, "artist": {"artists": [{"name": "deadmau5"}]}}},
    ),
    Case("listenbrainz", Outcome.NOT_FOUND, says({})),
    search("listenbrainz", Outcome.NOT_FOUND, says({})),
    search("listenbrainz", Outcome.CONTRACT, says({"recording_name": "Strobe"})),
    Case("listenbrainz", Outcome.CAPABILITY_GONE, Answer(403, b"")),
    Case("listenbrainz", Outcome.THROTTLED, says({"code": 429}, 429, X_RateLimit_Reset_In="7")),
    found("coverartarchive", {"images": [{"front": True, "image": "http://archive.org/1.jpg"}]}),
    Case("coverartarchive", Outcome.NOT_FOUND, says({"images": []})),
    Case("coverartarchive", Outcome.NOT_FOUND, Answer(403, b"")),
    Case("coverartarchive", Outcome.THROTTLED, Answer(503, b"exceeding the rate limit")),
    Case("coverartarchive", Outcome.THROTTLED, Answer(503, b"", {"Retry-After": "20"})),
]
PAGES = [
    Case(name, Outcome.CONTRACT, Answer(status, b"<html>Blocked</html>", {"Content-Type": "text/html"}))
    for name in TRACKS
    for status in (401, 403, 404)
    if name != "coverartarchive" and (name, status) != ("musicbrainz", 403)
]
"""Web pages, from something between gateway and provider. Only the Cover Art Archive itself sends some."""
CASES = [*(Case(name, outcome, answer) for name in TRACKS for outcome, answer in EVERYWHERE), *OWN, *PAGES]

GATE = {
    Outcome.THROTTLED: GateState.COOLING,
    Outcome.QUOTA: GateState.QUOTA,
    Outcome.CREDENTIAL: GateState.BLOCKED,
}
COUNTED = {Outcome.OK, Outcome.NOT_FOUND, Outcome.CONTRACT, Outcome.FAILURE}
FAILED = {Outcome.CONTRACT, Outcome.FAILURE}
KEPT = {Outcome.OK, Outcome.NOT_FOUND}


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedProvider]:
    with running_scripted_provider() as provider:
        yield provider


@pytest.fixture
def server(running: ScriptedProvider) -> ScriptedProvider:
    """The server, with nothing asked of it yet."""
    running.asked.clear()
    running.by_part.clear()
    return running


@pytest.fixture(scope="module")
def trust() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a case."""
    return httpx.create_ssl_context()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The providers' time, which a test puts forward."""
    now = [1_000.0]
    monkeypatch.setattr("backend.services.api_gateway.assembly.monotonic", lambda: now[0])
    return now


@pytest.fixture
async def providers(
    server: ScriptedProvider, clock: list[float], trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """The providers, every one of them played by the server."""
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: trust)
    settings = GatewaySettings(port=8022, simulator_url=server.url, gate_patience_seconds=0, retry_share=0)
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as opened:
        yield Bench(dict(opened), recorder)


def test_the_table_has_a_case_for_every_class_of_every_provider() -> None:
    produced = {name: {case.outcome for case in CASES if case.provider == name} for name in TRACKS}
    everywhere = set(Outcome) - {Outcome.BREAKER_OPEN, Outcome.EMPTY_SUSPECT}
    assert produced == dict.fromkeys(TRACKS, everywhere)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_an_answer_is_what_the_table_says_and_has_its_effects(
    server: ScriptedProvider, providers: Bench, case: Case
) -> None:
    server.answer = case.answer
    provider = providers[case.provider]
    assert await _ask(provider, case.operation) is case.outcome
    calls, failures = _counted(provider)
    tokens = sum(target.endswith("/token") for target in server.asked)
    judged = len(server.asked) - tokens if case.outcome in COUNTED else 0
    assert (calls - tokens, failures) == (judged, int(case.outcome in FAILED))
    assert provider.status().rate_gate.state is GATE.get(case.outcome, GateState.FLOWING)
    assert provider.cache_status().entries == int(case.outcome in KEPT)
    assert providers.responses()[-1].outcome is case.outcome


async def test_a_refused_client_of_spotify_is_a_matter_of_credentials(
    server: ScriptedProvider, providers: Bench
) -> None:
    server.by_part["/spotify/api/token"] = says({"error": "invalid_client"}, 400)
    assert await _ask(providers["spotify"], "search") is Outcome.CREDENTIAL
    assert providers["spotify"].status().rate_gate.state is GateState.BLOCKED


async def test_a_web_page_in_place_of_a_token_is_no_matter_of_credentials(
    server: ScriptedProvider, providers: Bench
) -> None:
    server.by_part["/spotify/api/token"] = Answer(400, b"<html>Blocked</html>", {"Content-Type": "text/html"})
    assert await _ask(providers["spotify"], "search") is Outcome.CONTRACT
    assert providers["spotify"].status().rate_gate.state is GateState.FLOWING


@pytest.mark.parametrize("name", TRACKS)
async def test_a_closed_endpoint_is_not_called_again_and_opens_no_breaker(
    server: ScriptedProvider, providers: Bench, clock: list[float], name: str
) -> None:
    server.answer = Answer(410, b"")
    provider = providers[name]
    for _ in range(REFUSALS):
        assert await _ask(provider, "track") is Outcome.CAPABILITY_GONE
        clock[0] += 10
    asked = len(server.asked)
    answer = await provider.track(TRACKS[name], None)
    assert (answer.outcome, len(server.asked)) == (Outcome.CAPABILITY_GONE, asked)
    assert answer.retry_at is not None
    assert "tried once a day" in answer.detail
    assert _counted(provider)[1] == 0
    server.answer = Answer(404, b"")
    await provider.control(CLOSE)
    clock[0] += 10
    assert await _ask(provider, "track") is Outcome.NOT_FOUND


async def test_a_form_of_search_that_suddenly_finds_nothing_is_left_for_another(
    server: ScriptedProvider, providers: Bench, clock: list[float]
) -> None:
    deezer = providers["deezer"]
    server.answer = says({"data": [{"id": 1, "title": "Strobe", "artist": {"name": "deadmau5"}}]})
    await _searches(deezer, clock, 60)
    clock[0] += 900
    server.by_part["artist%3A"] = says({"data": []})
    assert await _searches(deezer, clock, 20) is Outcome.OK
    last_two = providers.responses()[-2:]
    assert [each.outcome for each in last_two] == [Outcome.EMPTY_SUSPECT, Outcome.OK]
    assert [each.request_params["q"][:7] for each in last_two] == ["artist:", "deadmau"]
    assert _counted(deezer)[1] == 0


async def test_without_another_form_suspect_answers_are_said_and_not_kept(
    server: ScriptedProvider, providers: Bench, clock: list[float]
) -> None:
    listenbrainz = providers["listenbrainz"]
    server.answer = says({"recording_mbid": MBID, "recording_name": "Strobe"})
    await _searches(listenbrainz, clock, 60)
    clock[0] += 900
    server.answer = says({})
    assert await _searches(listenbrainz, clock, 20) is Outcome.EMPTY_SUSPECT
    kept = listenbrainz.cache_status().entries
    answer = await listenbrainz.search(STROBE, None)
    assert (answer.status, answer.cached) == ("empty_suspect", False)
    assert "search finds nothing far more often than it used to" in answer.detail
    assert listenbrainz.cache_status().entries == kept


async def _searches(provider: Provider, clock: list[float], count: int) -> Outcome:
    """So many different searches, one every ten seconds; how the last one ended."""
    outcome = Outcome.OK
    for _ in range(count):
        clock[0] += 10
        query = SearchRequest(artist_name="deadmau5", track_title=f"Strobe {clock[0]:.0f}")
        outcome = (await provider.search(query, None)).outcome
    return outcome


async def _ask(provider: Provider, operation: str) -> Outcome:
    if operation == "search":
        return (await provider.search(STROBE, None)).outcome
    return (await provider.track(TRACKS[provider.name], None)).outcome


def _counted(provider: Provider) -> tuple[int, int]:
    """Calls and failures that the breakers have counted, without the host's."""
    status = provider.status()
    breakers = [each for name, each in status.endpoints.items() if name != HOST] or [status.circuit_breaker]
    return sum(each.calls_in_window for each in breakers), sum(each.failures_in_window for each in breakers)

"""The design's table of outcome classes for Last.fm, iTunes and Beatport: what each answer is taken for.

The whole way is walked: a real answer over a socket, through gate and breaker, to what the gateway says.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import orjson
import pytest

from backend.contracts.gateway import Outcome, SearchRequest
from backend.contracts.providers import GateState
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.fixtures.scripted_provider import Answer, ScriptedProvider, running_scripted_provider

STROBE = SearchRequest(artist_name="deadmau5", track_title="Strobe")
GATE = {
    Outcome.THROTTLED: GateState.COOLING,
    Outcome.QUOTA: GateState.QUOTA,
    Outcome.CREDENTIAL: GateState.BLOCKED,
}
"""What the gate does; for every other outcome it lets calls through."""
PAGE = b"<!DOCTYPE html><html><body>Access denied</body></html>"
CHALLENGE = b'<!DOCTYPE html><html><script src="/cdn-cgi/challenge-platform/h/b/orchestrate"></script></html>'
DAY = {"Retry-After": "86400"}


def says(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(body), {"Content-Type": "application/json", **(headers or {})})


def page(status: int, body: bytes = PAGE) -> Answer:
    return Answer(status, body, {"Content-Type": "text/html; charset=utf-8"})


def lastfm_error(code: int, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return says({"error": code, "message": "A sentence."}, status, headers)


def lastfm_tracks(tracks: Any) -> Answer:
    return says({"results": {"trackmatches": tracks}})


LASTFM = [
    (Outcome.OK, lastfm_tracks({"track": [{"name": "Strobe", "artist": "deadmau5", "mbid": ""}]})),
    (Outcome.OK, lastfm_tracks({"track": {"name": "Strobe", "artist": "deadmau5"}})),
    (
        Outcome.OK,
        Answer(
            200,
            b'<?xml version="1.0"?><lfm status="ok"><results><trackmatches><track><name>Strobe</name>'
            b"<artist>deadmau5</artist></track></trackmatches></results></lfm>",
        ),
    ),
    (Outcome.NOT_FOUND, lastfm_error(6)),
    (Outcome.NOT_FOUND, lastfm_error(6, 404)),
    (Outcome.NOT_FOUND, Answer(200, b'<lfm status="failed"><error code="6">Track not found</error></lfm>')),
    (Outcome.NOT_FOUND, lastfm_tracks({"track": []})),
    (Outcome.NOT_FOUND, lastfm_tracks("\n")),
    (Outcome.THROTTLED, lastfm_error(29)),
    (Outcome.THROTTLED, lastfm_error(29, 429, {"Retry-After": "40"})),
    (Outcome.THROTTLED, Answer(429)),
    (Outcome.QUOTA, lastfm_error(29, 429, DAY)),
    (Outcome.CREDENTIAL, lastfm_error(10, 403)),
    (Outcome.CREDENTIAL, lastfm_error(26)),
    (Outcome.CAPABILITY_GONE, lastfm_error(27, 400)),
    (Outcome.BAD_REQUEST, lastfm_error(3, 400)),
    (Outcome.CONTRACT, page(200)),
    (Outcome.CONTRACT, page(404)),
    (Outcome.CONTRACT, says([])),
    (Outcome.CONTRACT, says({"results": {}})),
    (Outcome.CONTRACT, lastfm_tracks({"track": [{"name": "Strobe"}]})),
    (Outcome.CONTRACT, Answer(200, b'<!DOCTYPE lfm [<!ENTITY a "b">]><lfm status="ok">&a;</lfm>')),
    (Outcome.FAILURE, lastfm_error(8, 500)),
    (Outcome.FAILURE, lastfm_error(11, 503)),
    (Outcome.FAILURE, lastfm_error(16)),
    (Outcome.FAILURE, page(502)),
]
SONG = {"wrapperType": "track", "kind": "song", "trackId": 1, "trackName": "Strobe", "artistName": "deadmau5"}
ITUNES = [
    (Outcome.OK, says({"resultCount": 1, "results": [SONG]})),
    (Outcome.NOT_FOUND, says({"resultCount": 0, "results": []})),
    (Outcome.NOT_FOUND, says({"resultCount": 1, "results": [{"wrapperType": "collection"}]})),
    (Outcome.THROTTLED, Answer(403)),
    (Outcome.THROTTLED, Answer(429, headers={"Retry-After": "40"})),
    (Outcome.QUOTA, Answer(403, headers=DAY)),
    (Outcome.CAPABILITY_GONE, says({"errorMessage": "Forbidden"}, 403)),
    (Outcome.BAD_REQUEST, says({"errorMessage": "Invalid value(s) for key(s): [country]"}, 400)),
    (Outcome.CONTRACT, page(403)),
    (Outcome.CONTRACT, page(404)),
    (Outcome.CONTRACT, page(200)),
    (Outcome.CONTRACT, says({"resultCount": 1})),
    (Outcome.CONTRACT, says({"results": [{**SONG, "trackName": None}]})),
    (Outcome.FAILURE, Answer(500)),
    (Outcome.FAILURE, page(503)),
    (Outcome.FAILURE, page(504)),
]
TRACK = {"id": 1, "name": "Strobe", "artists": [{"name": "deadmau5"}], "release": {"name": "Strobe"}}
BEATPORT = [
    (Outcome.OK, says({"tracks": [TRACK]})),
    (Outcome.NOT_FOUND, says({"tracks": []})),
    (Outcome.NOT_FOUND, says({"detail": "Not found."}, 404)),
    (Outcome.THROTTLED, says({"detail": "Request was throttled."}, 429, {"Retry-After": "40"})),
    (Outcome.THROTTLED, page(403, CHALLENGE)),
    (Outcome.THROTTLED, page(503, CHALLENGE)),
    (Outcome.THROTTLED, Answer(403, PAGE, {"cf-mitigated": "challenge"})),
    (Outcome.QUOTA, says({"detail": "Request was throttled."}, 429, DAY)),
    (Outcome.CREDENTIAL, says({"detail": "Authentication credentials were not provided."}, 401)),
    (Outcome.CAPABILITY_GONE, says({"detail": "You do not have permission."}, 403)),
    (Outcome.BAD_REQUEST, says({"q": ["This field may not be blank."]}, 400)),
    (Outcome.CONTRACT, page(403)),
    (Outcome.CONTRACT, page(404)),
    (Outcome.CONTRACT, page(200)),
    (Outcome.CONTRACT, says({"results": []})),
    (Outcome.CONTRACT, says({"tracks": [{"id": 1, "name": "Strobe"}]})),
    (Outcome.FAILURE, says({"detail": "A server error occurred."}, 500)),
    (Outcome.FAILURE, page(502)),
    (Outcome.FAILURE, Answer(503, b"upstream connect error")),
    (Outcome.FAILURE, Answer(504, b"upstream request timeout")),
]
TABLE = [
    pytest.param(name, outcome, answer, id=f"{name}-{outcome}-{answer.status}-{place}")
    for name, rows in (("lastfm", LASTFM), ("itunes", ITUNES), ("beatport", BEATPORT))
    for place, (outcome, answer) in enumerate(rows)
]


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedProvider]:
    with running_scripted_provider() as running:
        yield running


@pytest.fixture
async def gateway(provider: ScriptedProvider) -> AsyncIterator[Mapping[str, Provider]]:
    settings = GatewaySettings(port=8022, simulator_url=provider.url, gate_patience_seconds=0, retry_share=0)
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        yield providers


@pytest.mark.parametrize(("name", "outcome", "answer"), TABLE)
async def test_an_answer_has_its_outcome_and_moves_gate_and_cache_accordingly(
    gateway: Mapping[str, Provider], provider: ScriptedProvider, name: str, outcome: Outcome, answer: Answer
) -> None:
    provider.answer = answer
    first = await gateway[name].search(STROBE, None)
    assert first.outcome is outcome, first.detail
    assert bool(first.results) is (outcome is Outcome.OK)
    assert first.detail or outcome in {Outcome.OK, Outcome.NOT_FOUND}
    assert gateway[name].status().rate_gate.state is GATE.get(outcome, GateState.FLOWING)
    second = await gateway[name].search(STROBE, None)
    assert second.cached is (outcome in {Outcome.OK, Outcome.NOT_FOUND})


def test_every_class_that_a_provider_can_produce_has_a_row() -> None:
    every = set(Outcome) - {Outcome.EMPTY_SUSPECT, Outcome.BREAKER_OPEN}  # made by the gateway itself
    assert {outcome for outcome, _ in LASTFM} == every
    assert {outcome for outcome, _ in BEATPORT} == every
    assert {outcome for outcome, _ in ITUNES} == every - {Outcome.CREDENTIAL}  # there is no account


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (Outcome.CREDENTIAL, says({"error": "invalid_client"}, 401)),
        (Outcome.CREDENTIAL, says({"error": "invalid_client"}, 400)),
        (Outcome.THROTTLED, page(403, CHALLENGE)),
        (Outcome.CONTRACT, page(200)),
        (Outcome.CONTRACT, says({"token_type": "Bearer"})),
        (Outcome.FAILURE, Answer(503)),
    ],
)
async def test_beatports_token_can_fail_in_as_many_ways(
    gateway: Mapping[str, Provider], provider: ScriptedProvider, outcome: Outcome, answer: Answer
) -> None:
    granted, provider.token = provider.token, answer
    try:
        found = await gateway["beatport"].search(STROBE, None)
    finally:
        provider.token = granted
    assert found.outcome is outcome, found.detail

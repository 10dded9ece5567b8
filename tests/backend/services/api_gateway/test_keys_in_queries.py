"""Last.fm's key is part of the address that is called, and of nothing that the gateway says or keeps."""

from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import generate_latest
from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, SearchResponse
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.bench import Bench
from tests.fixtures.postgres import free_port
from tests.fixtures.scripted_provider import Answer, ScriptedProvider, running_scripted_provider

STROBE = SearchRequest(artist_name="deadmau5", track_title="Strobe")
PLAIN, AWKWARD = "sentinel0key1", "sentinel/key +&="
FOUND = b'{"results":{"asked":"{url}","trackmatches":{"track":[{"name":"Strobe","artist":"deadmau5"}]}}}'


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedProvider]:
    with running_scripted_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> ScriptedProvider:
    """Stands where Last.fm is."""
    point_lastfm_at(running.url, monkeypatch)
    running.asked.clear()
    return running


def point_lastfm_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.api_gateway.providers.lastfm.LIVE_URL", f"{url}/2.0/")


async def search_with(key: str) -> tuple[SearchResponse, str]:
    """What a search says, and everything that stays of it: records, logs, metrics, health."""
    credentials = {"lastfm_api_key": SecretStr(key)}
    settings = GatewaySettings(port=8022, simulated_providers=(), credentials=credentials, retry_share=0)
    recorder, registry = Recorder(Database({}, name="never opened")), new_registry()
    with structlog.testing.capture_logs() as logged:
        async with open_providers(settings, recorder, GatewayMetrics(registry)) as providers:
            said = await providers["lastfm"].search(STROBE, None)
            health = providers["lastfm"].status().model_dump_json()
    records = Bench(dict(providers), recorder).responses()
    assert records
    return said, f"{said!r} {records!r} {logged!r} {health} {generate_latest(registry)!r} {settings!r}"


@pytest.mark.parametrize("key", [PLAIN, AWKWARD], ids=["plain", "awkward"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, FOUND), Outcome.OK),
        (Answer(403, b'{"error":10,"message":"Invalid API key in {url}"}'), Outcome.CREDENTIAL),
        (Answer(200, b'<lfm status="failed"><error code="16">{url}</error></lfm>'), Outcome.CONTRACT),
        (Answer(502, b"<html>The address {url} could not be fetched.</html>"), Outcome.FAILURE),
        (Answer(302, b"", {"Location": "{url}"}), Outcome.CONTRACT),
    ],
    ids=["answer", "error", "xml", "proxy page", "redirect"],
)
async def test_an_answer_that_repeats_the_address_does_not_give_the_key_away(
    provider: ScriptedProvider, answer: Answer, outcome: Outcome, key: str
) -> None:
    provider.answer = answer
    said, everything = await search_with(key)
    assert said.outcome is outcome
    assert len(provider.asked) == 1
    assert "api_key=sentinel" in provider.asked[0]
    assert "sentinel" not in everything


async def test_neither_does_a_call_that_gets_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    point_lastfm_at(f"http://127.0.0.1:{free_port()}", monkeypatch)
    said, everything = await search_with(PLAIN)
    assert (said.outcome, said.detail) == (Outcome.FAILURE, "the provider could not be reached")
    assert "sentinel" not in everything


async def test_without_a_key_nothing_is_called_and_the_answer_says_what_is_missing(
    provider: ScriptedProvider,
) -> None:
    settings = GatewaySettings(port=8022, simulated_providers=(), credentials={})
    recorder = Recorder(Database({}, name="never opened"))
    async with open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers:
        said = await providers["lastfm"].search(STROBE, None)
    assert (said.status, said.detail) == (
        "no_credentials",
        "Last.fm needs an API key (Settings, provider credentials)",
    )
    assert provider.asked == []

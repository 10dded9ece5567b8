"""The gateway's endpoints, over real HTTP, with a real database and the simulator behind it."""

from typing import Any

import pytest

from backend.contracts.environment import PROVIDERS
from backend.database.address import DatabaseAddress
from backend.http import httpx
from tests.backend.services.api_gateway.serving import BEARER
from tests.fixtures.conditions import wait_for
from tests.fixtures.provider_simulator import SimulatorHandle

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RESET = "/admin/circuit-breakers/spotify/reset"


def search(gateway: httpx.Client, provider: str, body: str, **headers: str) -> httpx.Response:
    return gateway.post(f"/api/{provider}/search", content=body, headers={**FORM, **headers})


def test_health_has_what_playbook_and_reference_read(gateway: httpx.Client) -> None:
    answer = gateway.get("/health")
    assert answer.status_code == 200
    health: dict[str, Any] = answer.json()
    assert health["status"] == "healthy"
    assert health["release"] == "r1"
    assert set(health["api_clients"]) == set(PROVIDERS)
    for client in health["api_clients"].values():
        assert client["circuit_breaker"]["state"] == "closed"
        assert client["status"] == "healthy"
    assert health["circuit_breakers"]["spotify"] == "closed"
    assert set(health["connections"]) == {"database", "recorder", "operations"}
    assert set(health["connections"].values()) == {"healthy"}


def test_capabilities_say_what_ended_and_what_was_closed_to_us(gateway: httpx.Client) -> None:
    listed = gateway.get("/admin/capabilities").json()["capabilities"]
    states = {(entry["provider"], entry["field"]): entry for entry in listed}
    assert {provider for provider, _ in states} >= set(PROVIDERS)
    assert states["spotify", "bpm"]["state"] == states["acousticbrainz", "bpm"]["state"] == "ended"
    assert states["spotify", "bpm"]["since"] == "2024-11-27"
    assert states["deezer", "bpm"]["state"] == "live"


def test_the_playbooks_curl_line_works_with_curls_content_type(gateway: httpx.Client) -> None:
    answer = search(gateway, "spotify", '{"artist_name":"Test","track_title":"Test"}')
    assert answer.status_code == 200
    assert answer.json()["status"] in {"success", "partial"}


def test_the_references_field_names_are_taken_and_its_keys_are_answered(gateway: httpx.Client) -> None:
    answer = search(gateway, "spotify", '{"artist":"deadmau5","title":"Strobe","limit":2}')
    body = answer.json()
    assert body["provider"] == "spotify"
    assert body["query"]["artist_name"] == "deadmau5"
    assert len(body["results"]) == 2


def test_look_ups_by_identifier(gateway: httpx.Client) -> None:
    found = search(gateway, "deezer", '{"artist_name":"deadmau5","track_title":"Strobe"}').json()["results"][
        0
    ]
    answer = gateway.get(f"/api/deezer/track/{found['provider_id']}")
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert answer.json()["data"]["title"] == "Strobe"
    missing = gateway.get("/api/deezer/track/1")
    assert (missing.status_code, missing.json()["status"]) == (404, "not_found")


def test_audio_features_are_honestly_gone(gateway: httpx.Client) -> None:
    answer = gateway.get("/api/spotify/audio-features/abc")
    assert answer.status_code == 410
    assert "closed its audio features" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/api/tidal/track/1", "/api/tidal/search", RESET.replace("spotify", "tidal")]
)
def test_an_unknown_provider_is_a_404_that_names_the_known_ones(gateway: httpx.Client, path: str) -> None:
    method = "GET" if path.endswith("/1") else "POST"
    answer = gateway.request(method, path, headers=BEARER)
    assert answer.status_code == 404
    expected = f"There is no provider 'tidal' here. Known: {', '.join(PROVIDERS)}."
    assert answer.json()["detail"] == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "The body is empty"),
        ("artist_name=Test", "The body is not JSON"),
        ('{"artist_name":"Test"}', "track_title: field required"),
        ('{"artist_name":"","track_title":"x"}', "artist_name: string should have at least 1 character"),
        (
            '{"artist_name":"a","track_title":"x","limit":1000}',
            "limit: input should be less than or equal to 50",
        ),
        ("[]", "the body: input should be an object"),
    ],
)
def test_a_bad_body_is_a_422_in_plain_words(gateway: httpx.Client, body: str, words: str) -> None:
    answer = search(gateway, "spotify", body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_huge_body_is_refused(gateway: httpx.Client) -> None:
    assert search(gateway, "spotify", "x" * 100_000).status_code == 413


def test_an_open_breaker_is_a_503_with_the_time_to_come_back(
    gateway: httpx.Client, simulator: SimulatorHandle
) -> None:
    simulator.turn("deezer", error_rate=1.0, enforce_limit=False)
    for number in range(20):
        failed = search(gateway, "deezer", f'{{"artist_name":"A","track_title":"{number}"}}')
        assert (failed.status_code, failed.json()["status"]) == (502, "failure")
    answer = search(gateway, "deezer", '{"artist_name":"A","track_title":"another"}')
    assert answer.status_code == 503
    assert 1 <= int(answer.headers["Retry-After"]) <= 18
    assert answer.json()["status"] == "breaker_open"
    assert answer.json()["retry_at"]
    health = gateway.get("/health").json()
    assert health["status"] == "healthy"
    assert health["api_clients"]["deezer"]["circuit_breaker"]["state"] == "open"
    assert health["api_clients"]["deezer"]["status"] == "unavailable"


def test_throttling_is_a_429_with_the_providers_own_time(
    gateway: httpx.Client, simulator: SimulatorHandle
) -> None:
    simulator.turn("spotify", throttle_rate=1.0, retry_after_seconds=77, enforce_limit=False)
    answer = search(gateway, "spotify", '{"artist_name":"A","track_title":"B"}')
    assert answer.status_code == 429
    assert 75 <= int(answer.headers["Retry-After"]) <= 77


def test_looking_is_free_and_resetting_needs_the_token(gateway: httpx.Client) -> None:
    assert gateway.get("/admin/circuit-breakers").json()["spotify"]["state"] == "closed"
    assert gateway.get("/admin/cache/stats").json()["spotify"]["hits"] == 0
    assert gateway.post(RESET).status_code == 401
    assert gateway.post(RESET, headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = gateway.post(RESET, headers=BEARER)
    assert answer.status_code == 200
    assert answer.json() == {"provider": "spotify", "status": "reset", "new_state": "closed", "epoch": 6}


def test_cache_figures_are_counted_by_provider(gateway: httpx.Client) -> None:
    for _ in range(3):
        search(gateway, "deezer", '{"artist_name":"deadmau5","track_title":"Strobe"}')
    stats = gateway.get("/admin/cache/stats").json()
    assert stats["deezer"] == {
        "hits": 2,
        "misses": 1,
        "errors": 0,
        "hit_ratio": 2 / 3,
        "entries": 1,
        "negative_hits": 0,
        "stale_answers": 0,
        "shared_hits": 0,
        "refreshes": 0,
    }
    assert stats["spotify"]["misses"] == 0


def test_answers_reach_bronze_with_the_callers_correlation_id(
    gateway: httpx.Client, musicdb: DatabaseAddress
) -> None:
    body = '{"artist_name":"deadmau5","track_title":"Strobe"}'
    answer = search(gateway, "deezer", body, **{"X-Correlation-ID": "trace-7"}).json()
    query = "SELECT correlation_id, outcome, convert_from(body, 'UTF8') FROM raw_api_responses WHERE id = %s"
    with musicdb.connect(autocommit=True) as connection:
        row = wait_for(
            lambda: connection.execute(query, [answer["response_id"]]).fetchone(), "the answer in Bronze"
        )
        states = connection.execute("SELECT provider, state FROM circuit_breaker_state").fetchall()
    assert row is not None
    assert row[:2] == ("trace-7", "ok")
    assert '"data"' in row[2]
    assert sorted(set(states)) == [(name, "closed") for name in sorted(PROVIDERS)]

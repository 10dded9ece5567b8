"""The service over HTTP when parts of its world are missing, and its smaller endpoints."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from backend.contracts.environment import PROVIDERS
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.metadata_enrichment.app import create_app
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until

TOKEN = "sentinel-admin-token"
STROBE = {"track_id": "t-1", "artist_name": "Deadmau5", "track_title": "Strobe"}
Serve = Callable[..., "Service"]


class Service:
    """The served application."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, *, token: str | None = TOKEN, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=60, **more)


@pytest.fixture
def serve(musicdb: DatabaseAddress, operations_db: DatabaseAddress) -> Iterator[Serve]:
    """Serves the application without a gateway; other databases can be named."""
    with ExitStack() as stack:

        def start(music: DatabaseAddress = musicdb, operations: str = operations_db.name) -> Service:
            settings = EnrichmentSettings(
                admin_token=SecretStr(TOKEN),
                database_host=music.host,
                database_port=music.port,
                database_user=music.user,
                database_name=music.name,
                operations_database=operations,
                database_password=SecretStr(music.password or ""),
                gateway_url=f"http://127.0.0.1:{free_port()}",
            )
            return Service(stack.enter_context(serving(create_app(settings))))

        yield start


def queued(operations: DatabaseAddress, queue: str) -> list[tuple[str, bytes]]:
    with operations.connect() as connection:
        return connection.execute(
            "SELECT message_id, body FROM broker.messages WHERE queue = %s ORDER BY id", (queue,)
        ).fetchall()


def declared(operations: DatabaseAddress) -> bool:
    with operations.connect() as connection:
        return connection.execute("SELECT count(*) FROM broker.queues").fetchone() == (3,)


def test_without_a_gateway_the_request_becomes_a_dead_letter(
    serve: Serve, operations_db: DatabaseAddress
) -> None:
    service = serve()
    wait_until(lambda: declared(operations_db))
    answer = service.ask("POST", "/enrich", json=STROBE).json()
    assert answer["status"] == "failed"
    assert "the gateway does not answer" in answer["errors"][0]
    ((message_id, body),) = queued(operations_db, "enrichment.dead")
    assert message_id == answer["dead_letter_id"]
    assert b'"track_id":"t-1"' in bytes(body)
    health = service.ask("GET", "/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert "ConnectError" in health.json()["connections"]["gateway"]


def test_without_gateway_and_broker_it_says_that_nothing_keeps_the_request(serve: Serve) -> None:
    service = serve(operations="a_database_that_is_not_there")
    answer = service.ask("POST", "/enrich", json=STROBE)
    assert answer.status_code == 503
    assert "could not be kept" in answer.json()["detail"]
    batch = service.ask("POST", "/enrich/batch", json=[STROBE])
    assert batch.status_code == 503
    assert "did not confirm the tracks" in batch.json()["detail"]


def test_without_the_music_database_the_request_is_kept_and_health_is_503(
    serve: Serve, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    service = serve(music=replace(musicdb, name="a_database_that_is_not_there"))
    wait_until(lambda: declared(operations_db))
    answer = service.ask("POST", "/enrich", json=STROBE).json()
    assert (answer["status"], answer["errors"] != []) == ("failed", True)
    assert [message_id for message_id, _ in queued(operations_db, "enrichment.dead")] == [
        answer["dead_letter_id"]
    ]
    health = service.ask("GET", "/health")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert service.ask("GET", "/admin/config").status_code == 503
    assert service.ask("GET", "/stats").status_code == 503


def test_the_configuration_is_shown_by_source_and_by_field(serve: Serve) -> None:
    service = serve()
    shown = service.ask("GET", "/admin/config", token=None).json()
    assert set(shown["waterfall_sources"]) == set(PROVIDERS)
    assert shown["waterfall_sources"]["deezer"]["positions"]["bpm"] == 2
    assert shown["configuration"]["total_fields"] == 18
    assert shown["configuration"]["fields"]["isrc"]["providers"] == [
        *("spotify", "deezer", "beatport", "musicbrainz")
    ]
    field = service.ask("GET", "/admin/config/field/isrc").json()
    assert (field["required_for_gold"], field["provider_count"]) == (True, 4)
    assert field["waterfall_priorities"][0]["provider"] == "spotify"
    missing = service.ask("GET", "/admin/config/field/mood")
    assert (missing.status_code, "It has:" in missing.json()["detail"]) == (404, True)
    assert service.ask("GET", "/admin/config/providers").json()["total_providers"] == len(PROVIDERS)
    assert service.ask("POST", "/admin/config/reload").json()["status"] == "reloaded"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/admin/config/reload"),
        ("GET", "/admin/config/field/isrc"),
        ("GET", "/admin/config/providers"),
        ("GET", "/tracks/t-1/layers"),
    ],
)
def test_the_rest_needs_the_token(serve: Serve, method: str, path: str) -> None:
    service = serve()
    assert service.ask(method, path, token=None).status_code == 401
    assert service.ask(method, path, token="guess").status_code == 401
    assert service.ask(method, path).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**STROBE, "track_id": ""},
        {**STROBE, "track_title": "a\x00b"},
        {**STROBE, "artist_name": "a" * 501},
        {**STROBE, "priority": 11},
        {**STROBE, "correlation_id": "c" * 201},
        {**STROBE, "existing_spotify_id": "s" * 201},
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(
    serve: Serve, operations_db: DatabaseAddress, body: dict[str, Any]
) -> None:
    service = serve()
    assert service.ask("POST", "/enrich", json=body).status_code == 422
    assert service.ask("POST", "/enrich/batch", json=[STROBE, body]).status_code == 422
    assert queued(operations_db, "enrichment.requests") == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/tracks?text=a%00b", None),
        ("GET", "/tracks/a%00b/inspection", None),
        ("GET", "/tracks/a%2F%00/layers", None),
        ("POST", "/tracks/inspect", {"artist_name": "a\x00b", "track_title": "Strobe"}),
    ],
)
def test_what_no_database_can_hold_is_the_mistake_of_the_caller(
    serve: Serve, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = serve().ask(method, path, json=body)
    assert (answer.status_code, "NUL character" in answer.text) == (422, True)


def test_a_version_with_an_unknown_field_leaves_the_old_one_in_force(
    serve: Serve, musicdb: DatabaseAddress
) -> None:
    service = serve()
    assert service.ask("GET", "/admin/config").json()["version"] == 2
    with musicdb.connect() as connection:
        connection.execute("INSERT INTO waterfall_config_versions (created_by) VALUES ('tests')")
        connection.execute("INSERT INTO waterfall_config_fields VALUES (3, 'mood', false)")
        connection.execute(
            "INSERT INTO waterfall_api_configuration VALUES (3, 'mood', 1, 'spotify', true, 0.5, 0.9)"
        )
        connection.execute(
            "INSERT INTO waterfall_config_activations (version, activated_by) VALUES (3, 'tests')"
        )
    wait_until(lambda: service.ask("GET", "/health").json()["status"] == "degraded")
    refused = service.ask("POST", "/admin/config/reload")
    assert (refused.status_code, "mood" in refused.json()["detail"]) == (503, True)
    assert service.ask("GET", "/admin/config").json()["version"] == 2


def test_figures_and_metrics_count_what_happened(serve: Serve, operations_db: DatabaseAddress) -> None:
    service = serve()
    wait_until(lambda: declared(operations_db))
    service.ask("POST", "/enrich", json=STROBE)
    stats = service.ask("GET", "/stats", token=None).json()
    assert stats["track_stats"]["counts"]["total"] == 0
    assert [(row["status"], row["requests"]) for row in stats["enrichment_status"]] == [("failed", 1)]
    assert stats["recent_failures"][0]["error_type"] == "NoProviderAnswered"
    series = service.ask("GET", "/metrics").text
    assert 'tracks_enriched_total{status="failed"} 1.0' in series
    assert 'api_calls_total{api="deezer",status="failure"} 1.0' in series
    assert "enrichment_dead_letters_total 1.0" in series
    assert "enrichment_configuration_version 2.0" in series

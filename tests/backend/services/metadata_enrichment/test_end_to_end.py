"""The playbook's end-to-end test and its failures, over real processes."""

import signal
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letters import DeadLetterState
from backend.contracts.environment import PROVIDERS
from backend.http import httpx
from backend.messaging.port import Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from backend.messaging.topology import ENRICHMENT_REQUESTS
from tests.fixtures.service_processes import ADMIN, DLQ, ENRICHMENT, ServiceProcesses, together
from tests.waiting import wait_until

pytestmark = pytest.mark.stack


def new_id(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def layers(services: ServiceProcesses, track_id: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = services.get(ENRICHMENT, f"/tracks/{track_id}/layers")
    return rows


def calls(services: ServiceProcesses) -> int:
    return sum(services.simulator.counts(provider)["requests"] for provider in PROVIDERS)


def break_all(services: ServiceProcesses) -> None:
    for provider in PROVIDERS:
        services.simulator.turn(provider, error_rate=1.0, enforce_limit=False)


def test_strobe_goes_from_bronze_to_gold_and_is_then_cached(healthy: ServiceProcesses) -> None:
    track = new_id("strobe")
    answer = healthy.enrich(track, "Deadmau5", "Strobe")
    assert answer["status"] == "completed"
    assert answer["metadata_acquired"]["track_title"] == "Strobe"
    assert answer["metadata_acquired"]["release_date"].startswith("2009")
    rows = layers(healthy, track)
    assert [len(rows["bronze"]), len(rows["silver"]), len(rows["gold"])] == [1, 1, 1]
    assert rows["silver"][0]["status"] == "completed"
    gold = rows["gold"][0]
    assert gold["isrc"] == answer["metadata_acquired"]["isrc"]
    assert set(gold["field_confidence"]) == set(answer["metadata_acquired"])
    assert all(entry["response_id"] for entry in gold["provenance"].values())
    before = calls(healthy)
    again = healthy.enrich(track, "Deadmau5", "Strobe")
    assert (again["status"], again["cached"]) == ("cached", True)
    assert again["metadata_acquired"] == answer["metadata_acquired"]
    assert calls(healthy) == before


def test_every_value_leads_back_to_the_bytes_it_came_from(healthy: ServiceProcesses) -> None:
    track = new_id("lineage")
    healthy.enrich(track, "Deadmau5", "Strobe", force_refresh=True)
    with healthy.musicdb.connect() as connection:
        provenance: dict[str, Any] = dict(
            connection.execute(
                "SELECT field, raw_response_id FROM field_provenance WHERE track_id = %s", (track,)
            ).fetchall()
        )
        wait_until(
            lambda: (
                connection.execute(
                    "SELECT count(*) FROM raw_api_responses WHERE id = ANY(%s)", (list(provenance.values()),)
                ).fetchone()
                == (len(set(provenance.values())),)
            )
        )
        chosen = connection.execute(
            "SELECT count(*) FROM api_responses WHERE track_id = %s AND chosen", (track,)
        ).fetchone()
    assert "bpm" in provenance
    assert chosen is not None
    assert chosen[0] >= 4


def test_an_unknown_track_is_partial_and_not_a_failure(healthy: ServiceProcesses) -> None:
    track = new_id("unknown")
    answer = healthy.enrich(track, "Test", "Test")
    assert (answer["status"], answer["metadata_acquired"], answer["dead_letter_id"]) == ("partial", {}, None)
    assert layers(healthy, track)["gold"] == []


def test_the_original_is_not_answered_with_another_version(healthy: ServiceProcesses) -> None:
    answer = healthy.enrich(new_id("version"), "Deadmau5", "Strobe")
    edit = healthy.enrich(new_id("version"), "Deadmau5", "Strobe (Radio Edit)")
    assert "edit" not in answer["metadata_acquired"]["track_title"].lower()
    assert edit["metadata_acquired"].get("isrc") != answer["metadata_acquired"]["isrc"]


def test_equal_requests_at_the_same_time_ask_the_providers_once(healthy: ServiceProcesses) -> None:
    track = new_id("twice")
    answers: list[Any] = []

    def ask() -> None:
        answers.append(healthy.enrich(track, "Daft Punk", "Around the World"))

    together(ask, ask, ask)
    assert sorted(answer["status"] for answer in answers) == ["cached", "cached", "completed"]


def test_one_provider_down_degrades_and_a_refresh_keeps_what_was_known(healthy: ServiceProcesses) -> None:
    track = new_id("degraded")
    whole = healthy.enrich(track, "Daft Punk", "One More Time")
    healthy.simulator.turn("spotify", error_rate=1.0, enforce_limit=False)
    # The gateway's cache would answer for the provider; another spelling of the same names misses it.
    other = new_id("degraded")
    degraded = healthy.enrich(other, "DAFT PUNK!", "One more time!")
    assert degraded["status"] in {"completed", "partial"}
    assert any(error.startswith("spotify") for error in degraded["errors"])
    assert "spotify_id" not in degraded["metadata_acquired"]
    assert layers(healthy, other)["gold"][0]["degraded"] is True
    assert whole["metadata_acquired"]["isrc"] == degraded["metadata_acquired"]["isrc"]
    healthy.heal()
    repaired = healthy.enrich(other, "DAFT PUNK!", "One more time!")
    assert repaired["status"] == "completed"
    assert "spotify_id" in repaired["metadata_acquired"]


def test_all_providers_down_then_replayed_when_they_are_back(healthy: ServiceProcesses) -> None:
    break_all(healthy)
    track = new_id("dead")
    answer = healthy.enrich(track, "Faithless", "Insomnia")
    letter = answer["dead_letter_id"]
    assert answer["status"] == "failed"
    assert layers(healthy, track)["silver"][0]["error_type"] == "NoProviderAnswered"
    wait_until(lambda: state(healthy, letter) == DeadLetterState.FAILED)
    assert healthy.get(DLQ, "/dlq/stats")["total_pending"] == 1
    shown = healthy.get(DLQ, f"/dlq/messages/{letter}")
    assert shown["payload"]["track_id"] == track
    assert "Traceback" in shown["stack_trace"]

    assert healthy.post(DLQ, f"/dlq/replay/{letter}")["success"] is True
    wait_until(lambda: healthy.get(DLQ, f"/dlq/messages/{letter}")["retry_count"] == 1)
    assert state(healthy, letter) == DeadLetterState.FAILED

    healthy.heal()
    batch = healthy.post(DLQ, "/dlq/replay/batch", {"message_ids": [letter]})
    assert (batch["success"], batch["replayed_count"]) == (True, 1)
    wait_until(lambda: state(healthy, letter) == DeadLetterState.RESOLVED)
    solved = healthy.get(DLQ, f"/dlq/messages/{letter}")
    assert solved["proof"]["status"] in {"completed", "partial"}
    assert [entry["action"] for entry in solved["audit"]] == [
        *("received", "replay", "sent", "returned"),
        *("replay", "sent", "resolved"),
    ]
    assert layers(healthy, track)["gold"][0]["track_title"]
    assert healthy.get(DLQ, "/dlq/stats")["total_pending"] == 0


def state(services: ServiceProcesses, letter: str) -> str | None:
    reply = httpx.get(f"{services.url(DLQ)}/dlq/messages/{letter}", headers=ADMIN, timeout=30)
    return str(reply.json()["state"]) if reply.status_code == 200 else None


def test_a_batch_survives_the_death_of_the_service(healthy: ServiceProcesses) -> None:
    healthy.simulator.turn("deezer", latency_ms=300, enforce_limit=False)
    tracks = [new_id("batch") for _ in range(12)]
    titles = ("Around the World", "Harder, Better, Faster, Stronger", "Da Funk", "One More Time")
    body = [
        {"track_id": track, "artist_name": "Daft Punk", "track_title": f"{titles[index % 4]} {'!' * index}"}
        for index, track in enumerate(tracks)
    ]
    accepted = healthy.post(ENRICHMENT, "/enrich/batch", body)
    assert (accepted["status"], accepted["batch_size"]) == ("processing", 12)
    wait_until(lambda: len(finished(healthy, tracks)) >= 1)
    healthy.end(ENRICHMENT, signal.SIGKILL)
    assert len(finished(healthy, tracks)) < 12
    healthy.let_leases_end()
    healthy.start(ENRICHMENT)
    wait_until(lambda: finished(healthy, tracks) == set(tracks), 60)


def finished(services: ServiceProcesses, tracks: list[str]) -> set[str]:
    with services.musicdb.connect() as connection:
        rows = connection.execute(
            "SELECT track_id FROM enrichment_requests WHERE track_id = ANY(%s) AND finished_at IS NOT NULL",
            (tracks,),
        ).fetchall()
    return {row[0] for row in rows}


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"not json", DeadLetterState.QUARANTINED), (b'{"track_id": "t"}', DeadLetterState.FAILED)],
)
async def test_a_message_that_is_no_request_becomes_a_dead_letter(
    healthy: ServiceProcesses, body: bytes, expected: DeadLetterState
) -> None:
    letter = new_id("message")
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=healthy.operations.conninfo(), min_size=1, open=False
    )
    async with pool:
        await PostgresBroker(pool).publish(ENRICHMENT_REQUESTS, [Message(letter, body)])
    wait_until(lambda: state(healthy, letter) == expected)
    shown = healthy.get(DLQ, f"/dlq/messages/{letter}")
    assert shown["error_type"] == "UndecodableMessage"
    reply = httpx.request(
        "DELETE", f"{healthy.url(DLQ)}/dlq/message/{letter}?reason=tests", headers=ADMIN, timeout=30
    )
    assert reply.json()["success"] is True


def test_a_new_waterfall_is_in_force_within_two_seconds(healthy: ServiceProcesses) -> None:
    with healthy.musicdb.connect() as connection:
        before = connection.execute("SELECT version FROM waterfall_config_in_force").fetchone()
        version = connection.execute(
            "INSERT INTO waterfall_config_versions (created_by) VALUES ('tests') RETURNING version"
        ).fetchone()
        assert before is not None
        assert version is not None
        connection.execute(
            """INSERT INTO waterfall_config_fields SELECT %s, field, required_for_gold
               FROM waterfall_config_fields WHERE version = %s""",
            (*version, *before),
        )
        connection.execute(
            """INSERT INTO waterfall_api_configuration (version, field, position, provider, enabled,
                   min_confidence, reliability)
               SELECT %s, field, position, provider, provider NOT IN ('deezer', 'beatport'), min_confidence,
                   reliability
               FROM waterfall_api_configuration WHERE version = %s""",
            (*version, *before),
        )
        connection.execute(
            "INSERT INTO waterfall_config_activations (version, activated_by) VALUES (%s, 'tests')", version
        )
    wait_until(lambda: healthy.get(ENRICHMENT, "/admin/config")["version"] == version[0], 2)
    answer = healthy.enrich(new_id("waterfall"), "Deadmau5", "Strobe")
    assert "bpm" not in answer["metadata_acquired"]
    assert {entry["config_version"] for entry in answer["provenance"].values()} == {version[0]}
    with healthy.musicdb.connect() as connection:
        connection.execute(
            "INSERT INTO waterfall_config_activations (version, activated_by) VALUES (%s, 'tests')", before
        )
    wait_until(lambda: healthy.get(ENRICHMENT, "/admin/config")["version"] == before[0], 2)


def test_the_processes_end_in_order_and_keep_their_secrets(healthy: ServiceProcesses) -> None:
    for service in (ENRICHMENT, DLQ):
        assert healthy.end(service, signal.SIGTERM) == 0
        healthy.start(service)
    text = healthy.log(ENRICHMENT) + healthy.log(DLQ)
    assert "sentinel-admin-token" not in text
    assert "sentinel-database-password" not in text

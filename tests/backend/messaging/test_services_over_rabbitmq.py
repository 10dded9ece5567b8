"""The services as processes with RabbitMQ between them."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from backend.contracts.dead_letters import DeadLetterState
from backend.contracts.environment import PROVIDERS
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.topology import ENRICHMENT_REQUESTS
from tests.fixtures.provider_simulator import running_simulator
from tests.fixtures.rabbitmq_server import RabbitServer
from tests.fixtures.service_processes import ADMIN, DLQ, ENRICHMENT, ServiceProcesses, running_services
from tests.waiting import wait_until

pytestmark = pytest.mark.stack


@pytest.fixture
def services(
    musicdb: DatabaseAddress,
    operations_db: DatabaseAddress,
    rabbitmq_server: RabbitServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServiceProcesses]:
    folder = tmp_path_factory.mktemp("services")
    with (
        running_simulator() as simulator,
        running_services(
            folder,
            musicdb,
            operations_db,
            simulator,
            SONGNODES_AMQP_URL=rabbitmq_server.url,
            SONGNODES_AMQP_MANAGEMENT_URL=rabbitmq_server.management_url,
        ) as running,
    ):
        yield running


def test_a_dead_letter_goes_out_and_comes_back_and_a_batch_survives_kill_9(
    services: ServiceProcesses,
) -> None:
    for provider in PROVIDERS:
        services.simulator.turn(provider, error_rate=1.0, enforce_limit=False)
    letter = services.enrich("dead", "Faithless", "Insomnia")["dead_letter_id"]
    wait_until(lambda: state(services, letter) == DeadLetterState.FAILED)
    services.heal()
    services.post(DLQ, f"/dlq/replay/{letter}")
    wait_until(lambda: state(services, letter) == DeadLetterState.RESOLVED)

    services.simulator.turn("deezer", latency_ms=300, enforce_limit=False)
    tracks = [f"batch-{number}" for number in range(12)]
    services.post(ENRICHMENT, "/enrich/batch", [request(track) for track in tracks])
    wait_until(lambda: finished(services, tracks))
    services.end(ENRICHMENT, signal.SIGKILL)
    assert len(finished(services, tracks)) < len(tracks)
    services.start(ENRICHMENT)
    wait_until(lambda: finished(services, tracks) == set(tracks), 60)

    with services.operations.connect() as connection:
        assert connection.execute("SELECT count(*) FROM broker.messages").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM broker.queues").fetchone() == (0,)
    assert services.get(DLQ, "/dlq/stats")["queue_stats"][ENRICHMENT_REQUESTS] == 0


def request(track: str) -> dict[str, Any]:
    return {"track_id": track, "artist_name": "Daft Punk", "track_title": f"Around the World {track}"}


def state(services: ServiceProcesses, letter: str) -> str | None:
    reply = httpx.get(f"{services.url(DLQ)}/dlq/messages/{letter}", headers=ADMIN, timeout=30)
    return str(reply.json()["state"]) if reply.status_code == 200 else None


def finished(services: ServiceProcesses, tracks: list[str]) -> set[str]:
    with services.musicdb.connect() as connection:
        rows = connection.execute(
            "SELECT track_id FROM enrichment_requests WHERE track_id = ANY(%s) AND finished_at IS NOT NULL",
            (tracks,),
        ).fetchall()
    return {row[0] for row in rows}

"""What a worker does with a message for which nobody can be asked: here there is no gateway."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.port import HEADER_DEAD_LETTER_ID, HEADER_GENERATION
from backend.messaging.topology import DELIVERY_LIMIT, ENRICHMENT_DEAD, ENRICHMENT_REQUESTS
from backend.services.metadata_enrichment.app import create_worker_app
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving
from tests.waiting import wait_until

STROBE = b'{"track_id": "t-1", "artist_name": "Deadmau5", "track_title": "Strobe"}'


@pytest.fixture
def url(musicdb: DatabaseAddress, operations_db: DatabaseAddress) -> Iterator[str]:
    """A worker that has declared its queues."""
    settings = EnrichmentSettings(
        database_host=musicdb.host,
        database_port=musicdb.port,
        database_user=musicdb.user,
        database_name=musicdb.name,
        operations_database=operations_db.name,
        database_password=SecretStr(musicdb.password or ""),
        gateway_url=f"http://127.0.0.1:{free_port()}",
    )
    with serving(create_worker_app(settings)) as address:
        wait_until(lambda: one(operations_db, "SELECT count(*) FROM broker.queues") == 3)
        yield address


def one(database: DatabaseAddress, statement: str, *arguments: Any) -> Any:
    with database.connect() as connection:
        row = connection.execute(statement, arguments).fetchone()
    return row[0] if row else None


def deliver(operations: DatabaseAddress, *, after: int = 0, headers: Mapping[str, Any] | None = None) -> None:
    """Queue a request that was delivered `after` times before."""
    with operations.connect() as connection:
        connection.execute(
            """INSERT INTO broker.messages (queue, message_id, content_type, headers, body, delivery_count)
               VALUES (%s, 'm-1', 'application/json', %s, %s, %s)""",
            (ENRICHMENT_REQUESTS, Jsonb(dict(headers or {})), STROBE, after),
        )
        connection.execute("SELECT pg_notify('broker_messages', %s)", (ENRICHMENT_REQUESTS,))


def dead(operations: DatabaseAddress) -> int:
    return int(one(operations, "SELECT count(*) FROM broker.messages WHERE queue = %s", ENRICHMENT_DEAD))


@pytest.mark.parametrize(("after", "least", "most"), [(0, 3, 5), (3, 35, 40), (18, 280, 300)])
def test_it_waits_longer_each_time(
    url: str, musicdb: DatabaseAddress, operations_db: DatabaseAddress, after: int, least: float, most: float
) -> None:
    deliver(operations_db, after=after)
    wait_until(lambda: "enrichment_worker_put_back_total 1.0" in httpx.get(f"{url}/metrics").text)
    wait = one(
        operations_db,
        """SELECT extract(epoch FROM visible_at - clock_timestamp()) FROM broker.messages
           WHERE queue = %s AND lease IS NULL""",
        ENRICHMENT_REQUESTS,
    )
    assert least < float(wait) <= most
    assert dead(operations_db) == 0
    assert one(musicdb, "SELECT status FROM enrichment_requests") == "in_progress"


def test_its_last_delivery_becomes_a_dead_letter_that_says_why(
    url: str, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    deliver(operations_db, after=DELIVERY_LIMIT - 1)
    wait_until(lambda: dead(operations_db) == 1)
    headers = one(operations_db, "SELECT headers->>'sn-failure' FROM broker.messages")
    assert "NoProviderAnswered" in headers
    assert "the gateway does not answer" in headers
    wait_until(lambda: one(musicdb, "SELECT status FROM enrichment_requests") == "failed")
    assert "enrichment_worker_put_back_total 0.0" in httpx.get(f"{url}/metrics").text


def test_a_worker_that_died_before_the_dead_letter_was_sent_loses_nothing(
    url: str, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    deliver(operations_db, after=DELIVERY_LIMIT - 1)
    wait_until(lambda: dead(operations_db) == 1)
    with operations_db.connect() as connection:
        connection.execute("DELETE FROM broker.messages")
    deliver(operations_db)
    wait_until(lambda: dead(operations_db) == 1)
    headers = one(operations_db, "SELECT headers->>'sn-failure' FROM broker.messages")
    assert "the gateway does not answer" in headers
    wait_until(lambda: one(operations_db, "SELECT count(*) FROM broker.messages") == 1)
    assert one(musicdb, "SELECT count(*) FROM enrichment_requests") == 1


def test_a_dead_letter_sent_again_is_answered_at_once(url: str, operations_db: DatabaseAddress) -> None:
    deliver(operations_db, headers={HEADER_DEAD_LETTER_ID: "m-1", HEADER_GENERATION: 1})
    wait_until(lambda: dead(operations_db) == 1)
    assert httpx.get(f"{url}/health").json()["status"] == "degraded"
    assert httpx.post(f"{url}/enrich", json={}).status_code == 404

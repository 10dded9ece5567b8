"""Ends of the manager as a process; kills at every step of its work are in tests/faults."""

import signal
from pathlib import Path

import pytest

from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.topology import QUEUES
from backend.services.common.server import GRACE_SECONDS
from tests.backend.services.dlq_manager.manager import ManagerAddress, dead
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.fixtures.service_processes import ADMIN, DLQ, TOKEN, ServiceProcesses
from tests.waiting import wait_until


def count(operations: DatabaseAddress, table: str) -> int:
    with operations.connect() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(row[0]) if row else 0


@pytest.fixture
def services(tmp_path: Path, musicdb: DatabaseAddress, operations_db: DatabaseAddress) -> ServiceProcesses:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "admin_token").write_text(TOKEN)
    (secrets / "database_password").write_text(operations_db.password or "")
    return ServiceProcesses(tmp_path, musicdb, operations_db, SimulatorHandle("http://127.0.0.1:9"))


def test_a_listener_does_not_hold_up_an_orderly_end(services: ServiceProcesses) -> None:
    services.start(DLQ)
    try:
        url = f"{services.url(DLQ)}/dlq/events"
        with httpx.stream("GET", url, headers=ADMIN, timeout=10) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: meter"
            process = services.processes.pop(DLQ)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=GRACE_SECONDS / 2) == 0
            assert all(line is not None for line in lines), "the stream ends by itself"
    finally:
        services.end_all()


async def test_killed_between_intent_and_sending_it_sends_after_all(services: ServiceProcesses) -> None:
    """The intent of a replay is durable before anything is sent, so the next start sends it."""
    operations = services.operations
    services.start(DLQ)
    try:
        wait_until(lambda: count(operations, "broker.queues") == len(QUEUES))
        await ManagerAddress(services.url(DLQ), operations).publish(dead())
        wait_until(lambda: count(operations, "dead_letters.messages") == 1)
        services.end(DLQ, signal.SIGKILL)
        with operations.connect() as connection:
            connection.execute(
                "UPDATE dead_letters.messages SET state = 'publishing', version = 2, generation = 1"
            )
            connection.execute(
                """INSERT INTO dead_letters.outbox (message_id, generation, operation_id)
                   VALUES ('letter-1', 1, gen_random_uuid())"""
            )
        services.start(DLQ)
        wait_until(lambda: services.get(DLQ, "/dlq/messages/letter-1")["state"] == "in_flight")
        assert services.get(DLQ, "/dlq/stats")["queue_stats"]["enrichment.requests"] == 1
    finally:
        services.end_all()

"""kill -9 of the manager while letters come in and are sent again, over both brokers: none lost or doubled.

A ledger outside of both systems holds every id and every sending. `--full-faults` kills more often; once all
letters are resolved further kills meet nothing that is sent.
"""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from backend.database.address import DatabaseAddress
from backend.messaging.port import HEADER_DEAD_LETTER_ID, HEADER_GENERATION, Broker, Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.topology import ENRICHMENT_DEAD, QUEUES
from backend.services.dlq_manager.operation_runner import WINDOW
from tests.backend.services.dlq_manager.enrichment_worker import working_on
from tests.backend.services.dlq_manager.manager import dead
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.fixtures.rabbitmq_server import RabbitServer
from tests.fixtures.service_processes import DLQ, TOKEN, ServiceProcesses
from tests.waiting import wait_until

LETTERS = 400
_DRAIN_SECONDS = 90.0


@pytest.fixture(params=["postgres", "rabbitmq"])
def services(
    request: pytest.FixtureRequest, tmp_path: Path, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> ServiceProcesses:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "admin_token").write_text(TOKEN)
    (secrets / "database_password").write_text(operations_db.password or "")
    made = ServiceProcesses(tmp_path, musicdb, operations_db, SimulatorHandle("http://127.0.0.1:9"))
    if request.param == "rabbitmq":
        server: RabbitServer = request.getfixturevalue("rabbitmq_server")
        made.more["SONGNODES_AMQP_URL"] = server.url
    return made


@asynccontextmanager
async def broker_of(services: ServiceProcesses) -> AsyncIterator[Broker]:
    """The broker that the manager uses, its queues declared and empty."""
    url = services.more.get("SONGNODES_AMQP_URL")
    if url is not None:
        async with RabbitBroker(url, name="test") as rabbit:
            await rabbit.declare(QUEUES)
            yield rabbit
        return
    async with AsyncConnectionPool(
        kwargs=services.operations.conninfo(), open=False, min_size=1, max_size=4
    ) as pool:
        broker = PostgresBroker(pool)
        await broker.declare(QUEUES)
        yield broker


def meter(services: ServiceProcesses) -> dict[str, Any]:
    """The meter, which has to balance whenever it is looked at."""
    found: dict[str, Any] = services.get(DLQ, "/dlq/meter")
    assert found["difference"] == 0
    return found


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, condition, _DRAIN_SECONDS)


async def kill(services: ServiceProcesses) -> None:
    await asyncio.to_thread(services.end, DLQ, signal.SIGKILL)
    await asyncio.to_thread(services.let_leases_end)
    await asyncio.to_thread(services.start, DLQ)


def rows(operations: DatabaseAddress, statement: str) -> list[tuple[Any, ...]]:
    with operations.connect() as connection:
        return connection.execute(statement.encode()).fetchall()


async def test_nothing_is_lost_and_nothing_done_twice(
    services: ServiceProcesses, pytestconfig: pytest.Config
) -> None:
    """First while letters come in, then while they are sent again; a third of them fail once more."""
    kills = 60 if pytestconfig.getoption("--full-faults") else 3
    chance = random.Random(4711)
    ledger = [f"letter-{number}" for number in range(LETTERS)]
    returned: set[str] = set()

    def verdict(message: Message) -> bool:
        name = str(message.headers[HEADER_DEAD_LETTER_ID])
        fails = int(name.removeprefix("letter-")) % 3 == 0 and message.headers[HEADER_GENERATION] == 1
        returned.update({name} if fails else ())
        return not fails

    services.start(DLQ)
    try:
        async with broker_of(services) as broker:
            for begin in range(0, LETTERS, 40):
                await broker.publish(ENRICHMENT_DEAD, [dead(name) for name in ledger[begin : begin + 40]])
                if chance.random() < kills / 10:
                    await kill(services)
            await until(lambda: meter(services)["received"] == LETTERS)
            async with working_on(broker, verdict) as sent:
                for _ in range(kills):
                    operation = started(services)
                    await until(lambda: len(sent) % 400 > 0 or ended(services, operation))  # noqa: B023
                    await kill(services)
                    await until(lambda: ended(services, operation))  # noqa: B023
                while meter(services)["by_state"]["resolved"] < LETTERS:
                    operation = started(services)
                    await until(lambda: ended(services, operation))  # noqa: B023
    finally:
        services.end_all()
    check(services, ledger, sent, returned, kills)


def started(services: ServiceProcesses) -> str:
    """An operation over everything that is failed; empty when nothing is."""
    states = meter(services)["by_state"]
    if not states["failed"] and not states["quarantined"]:
        return ""
    options = {"canary": 0, "respect_budget": False, "skip_superseded": False, "tripwire_limit": 200,
               "tripwire_window": 200, "include_quarantined": True}  # fmt: skip
    body = {"kind": "retry", "selection": {}, "author": "test", "reason": "test", "options": options}
    made = services.post(DLQ, "/dlq/operations", body)
    control = {"command": "start", "version": made["version"], "author": "test"}
    services.post(DLQ, f"/dlq/operations/{made['id']}/control", control)
    return str(made["id"])


def ended(services: ServiceProcesses, operation: str) -> bool:
    meter(services)
    if not operation:
        return True
    found = services.get(DLQ, f"/dlq/operations/{operation}")
    assert sum(found["counts"].values()) == found["total"]
    assert found["state"] in {"running", "completed"}, found["state_reason"]
    return bool(found["state"] == "completed")


def check(
    services: ServiceProcesses, ledger: list[str], sent: list[Message], returned: set[str], kills: int
) -> None:
    """The ledger against both systems."""
    operations = services.operations
    kept = rows(operations, "SELECT message_id, state, generation FROM dead_letters.messages")
    assert sorted(name for name, _, _ in kept) == sorted(ledger), "lost, or kept twice"
    assert {state for _, state, _ in kept} == {"resolved"}
    sendings = Counter(
        (str(message.headers[HEADER_DEAD_LETTER_ID]), int(message.headers[HEADER_GENERATION]))
        for message in sent
    )
    generations = {name: generation for name, _, generation in kept}
    assert {name for name, _ in sendings} == set(ledger), "never sent"
    expected = {(name, number + 1) for name in ledger for number in range(generations[name])}
    assert set(sendings) == expected, "a sending that nobody asked for, or one that never arrived"
    assert sum(sendings.values()) - len(sendings) <= kills * WINDOW
    assert {name for name in ledger if generations[name] == 2} >= returned
    assert rows(operations, "SELECT count(*) FROM dead_letters.outbox WHERE finished_at IS NULL") == [(0,)]
    audited = rows(
        operations,
        "SELECT count(*) FROM dead_letters.messages AS m WHERE version <> (SELECT max(version) FROM "
        "dead_letters.audit AS a WHERE a.message_id = m.message_id)",
    )
    assert audited == [(0,)], "a change without an audit entry"

"""The stand of the fault tests: one manager that is killed and started, over one of the two brokers."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg_pool import AsyncConnectionPool

from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.port import Broker, BrokerError, Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.topology import ENRICHMENT_DEAD, QUEUES
from tests.faults.ledger import Ledger, act, rows
from tests.faults.nursery import Nursery
from tests.fixtures.leases import LEASES_END
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.fixtures.service_processes import ADMIN, DLQ, TOKEN, ServiceProcesses
from tests.waiting import wait_until

PATIENCE = 90.0
DIED = -signal.SIGKILL
_LEASES = (
    LEASES_END,
    "UPDATE dead_letters.operations SET lease_until = now() WHERE lease IS NOT NULL",
)
OPTIONS = {
    "canary": 0,
    "respect_budget": False,
    "skip_superseded": False,
    "tripwire_limit": 200,
    "tripwire_window": 200,
    "include_quarantined": True,
}
"""All at once, whatever comes back."""


@dataclass
class Stand:
    """`amqp_url` is RabbitMQ's address; without it the queues lie in the operations database."""

    folder: Path
    musicdb: DatabaseAddress
    operations: DatabaseAddress
    nursery: Nursery
    amqp_url: str | None = None
    more: dict[str, str] = field(default_factory=dict)
    """Further settings of the manager."""
    ledger: Ledger = field(default_factory=Ledger)
    pid: int | None = None

    def __post_init__(self) -> None:
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "admin_token").write_text(TOKEN)
        (secrets / "database_password").write_text(self.operations.password or "")
        self._services = ServiceProcesses(
            self.folder, self.musicdb, self.operations, SimulatorHandle("http://127.0.0.1:9")
        )

    @property
    def url(self) -> str:
        return self._services.url(DLQ)

    @property
    def log(self) -> str:
        return self._services.log(DLQ)

    def start(self, failpoint: str = "") -> None:
        """Start the manager; without a failpoint wait until it says that it is well."""
        environment = self._services.environment(DLQ) | self.more
        if self.amqp_url is not None:
            environment["SONGNODES_AMQP_URL"] = self.amqp_url
        self.pid = self.nursery.start(environment, self.folder / f"{DLQ}.log", failpoint)
        if not failpoint:
            wait_until(self.is_well, PATIENCE)

    def is_well(self) -> bool:
        """Whether the manager reaches its database and its broker."""
        assert not self.has_died(), self.log[-4000:]
        try:
            answer = httpx.get(f"{self.url}/health", timeout=5)
        except httpx.TransportError:
            return False
        return bool(answer.json()["status"] == "healthy")

    def has_died(self) -> bool:
        """Whether the manager has come to its failpoint. AssertionError when it ended otherwise."""
        if self.pid is None:
            return True
        status = self.nursery.ended(self.pid)
        if status is None:
            return False
        self.pid = None
        assert status == DIED, f"ended with {status}: {self.log[-4000:]}"
        self._count()
        return True

    def kill(self) -> None:
        """kill -9, whatever it does just now."""
        assert self.pid is not None
        self.nursery.end(self.pid)
        self.pid = None
        self._count()

    def close(self) -> None:
        """End the manager if there is one; no kill that counts."""
        if self.pid is not None:
            self.nursery.end(self.pid)
            self.pid = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One call as an operator."""
        return httpx.request(method, f"{self.url}{path}", json=body, headers={**ADMIN, **headers}, timeout=30)

    def get(self, path: str) -> Any:
        """JSON of an endpoint."""
        return _answer(self.ask("GET", path))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """JSON of an endpoint."""
        return _answer(self.ask("POST", path, body, **headers))

    def meter(self) -> dict[str, Any]:
        """The meter, which has to balance whenever it is looked at."""
        found: dict[str, Any] = self.get("/dlq/meter")
        assert found["difference"] == 0
        return found

    def states(self) -> dict[str, int]:
        """Letters by state, without the zeros."""
        return {state: count for state, count in self.meter()["by_state"].items() if count}

    def has_taken_in(self) -> bool:
        """Whether every letter produced has come in."""
        return bool(self.meter()["received"] == len(self.ledger.produced))

    def make(self, key: str = "", **more: Any) -> Any:
        """An operation, frozen: a retry of everything open unless told otherwise; `key` for repetitions."""
        options = {**OPTIONS, **more.pop("options", {})}
        told = {"kind": "retry", "selection": {}, "author": "ann", "reason": "test", "options": options}
        headers = {"Idempotency-Key": key} if key else {}
        return self.post("/dlq/operations", {**told, **more}, **headers)

    def command(self, operation: Any, name: str) -> Any:
        """Give an operation a command, as it is now."""
        version = self.operation(operation)["version"]
        body = {"command": name, "version": version, "author": "ann"}
        return self.post(f"/dlq/operations/{operation['id']}/control", body)

    def operation(self, operation: Any) -> Any:
        """The operation now; its counts are complete whenever they are looked at."""
        found = self.get(f"/dlq/operations/{operation['id']}")
        assert sum(found["counts"].values()) == found["total"]
        return found

    def is_in(self, operation: Any, *states: str) -> bool:
        """Whether the operation is in one of the states; while it is not, it must be at work."""
        found = self.operation(operation)
        expected = found["state"] in {"canary", "running", *states}
        assert expected, f"{found['state']}: {found['state_reason']}"
        return found["state"] in states

    def _count(self) -> None:
        self.ledger.kills += 1
        # As they would be a lease's length later, which is waited for nowhere in the tests.
        for statement in _LEASES:
            act(self.operations, statement)

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[Broker]:
        """A broker of the test's own, with the queues declared."""
        if self.amqp_url is not None:
            async with RabbitBroker(self.amqp_url, name="test", settle_seconds=0) as rabbit:
                await rabbit.declare(QUEUES)
                yield rabbit
            return
        async with AsyncConnectionPool(
            kwargs=self.operations.conninfo(), open=False, min_size=1, max_size=4, timeout=5,
            check=AsyncConnectionPool.check_connection,
        ) as pool:  # fmt: skip
            broker = PostgresBroker(pool)
            await broker.declare(QUEUES)
            yield broker

    async def produce(self, broker: Broker, count: int) -> list[Message]:
        """So many new letters on the dead-letter queue, confirmed."""
        letters = self.ledger.letters(count)
        await publish_until_confirmed(broker, ENRICHMENT_DEAD, letters)
        return letters

    async def die_at_work(self, broker: Broker, failpoint: str, letters: int) -> None:
        """One round: a manager that takes letters in and sends everything again until it dies there.

        What the manager before it left unfinished may be enough for that.
        """
        self.start(failpoint)
        await self.produce(broker, letters)
        await until(lambda: self.has_died() or self.has_taken_in_if_alive())
        if self.pid is not None:
            # It may die before it answers; what it has made by then goes on after the next start.
            with suppress(httpx.TransportError):
                self.make_and_start()
        await until(self.has_died)

    def has_taken_in_if_alive(self) -> bool:
        """Whether all has come in; for a manager that may not live to answer."""
        with suppress(httpx.TransportError):
            return self.has_taken_in()
        return False

    async def resolve_all(self) -> None:
        """Send again what is open until nothing is."""
        await until(self.has_taken_in)
        while set(await asyncio.to_thread(self.states)) - {"resolved"}:
            if set(await asyncio.to_thread(self.states)) & {"failed", "quarantined"}:
                operation = await asyncio.to_thread(self.make_and_start)
                await until(lambda: self.is_in(operation, "completed"))  # noqa: B023
            await until(lambda: not set(self.states()) & {"publishing", "in_flight"})

    async def give_up_waiting(self) -> None:
        """Of sendings that somebody deleted with their queue no news can come: fail them, as operators do."""
        await until(lambda: not self.states().get("publishing"))
        for name, version in rows(
            self.operations,
            "SELECT message_id, version FROM dead_letters.messages WHERE state = 'in_flight'",
        ):
            body = {"command": "give_up_waiting", "version": version, "author": "ann", "reason": "deleted"}
            self.ask("POST", f"/dlq/letters/{name}/control", body)

    def make_and_start(self) -> Any:
        """A retry of everything open, running."""
        return self.command(self.make(), "start")


async def publish_until_confirmed(broker: Broker, queue: str, messages: list[Message]) -> None:
    """As every producer must: the same ids again until the broker has them."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(BrokerError):
                await broker.publish(queue, messages)
                return
            await asyncio.sleep(0.1)


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for it without holding up the event loop."""
    await asyncio.to_thread(wait_until, condition, seconds)


def _answer(reply: httpx.Response) -> Any:
    assert reply.status_code < 300, reply.text
    return reply.json()

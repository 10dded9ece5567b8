"""Two replicas of the gateway as processes, with a real Redis and real databases: control reaches both.

The times it took are printed (`pytest -s`); asserted is only that it happens.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter

import pytest

from app.providers_port import Providers
from backend.contracts.control import AuditAction, ControlAction, ControlConflictError, ControlRequest
from backend.contracts.errors import OperatorError
from backend.contracts.live import LiveProviders
from backend.contracts.providers import BreakerControl, BreakerState
from backend.database.address import DatabaseAddress
from backend.http import httpx
from tests.fixtures.gateway_process import GatewayProcess, running_replicas
from tests.fixtures.provider_simulator import SimulatorHandle
from tests.fixtures.redis_server import RedisServer, running_redis
from tests.waiting import wait_until

PROVIDER = "deezer"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that keeps nothing over a restart."""
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def replicas(
    tmp_path: Path,
    musicdb: DatabaseAddress,
    operations_db: DatabaseAddress,
    simulator: SimulatorHandle,
    redis: RedisServer,
) -> Iterator[list[GatewayProcess]]:
    with running_replicas(2, tmp_path, musicdb, operations_db, simulator, redis.url) as found:
        yield found


def request(action: ControlAction, **more: object) -> ControlRequest:
    given = {"action": action, "reason": "they asked us to", "author": "ada@desk", **more}
    return ControlRequest.model_validate(given)


def is_forced(replica: GatewayProcess) -> bool:
    return replica.breaker(PROVIDER).control.control is BreakerControl.FORCED_OPEN


class Reader:
    """The console's port following a replica's stream in a thread, as the console does."""

    def __init__(self, replica: GatewayProcess) -> None:
        self.states: list[BreakerState] = []
        self.ending = ""
        self._stream = Providers(lambda _name: replica).events("sandbox")
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        wait_until(lambda: self.states)

    def _read(self) -> None:
        try:
            for item in self._stream:
                if isinstance(item, LiveProviders):
                    self.states.append(item.providers[PROVIDER].circuit_breaker.state)
        except OperatorError as error:
            self.ending = error.message

    def join(self) -> None:
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()


def redis_connection(replica: GatewayProcess) -> tuple[str, str]:
    """The gateway's condition, and that of its connection to Redis, from its health."""
    health = httpx.get(f"http://127.0.0.1:{replica.port}/health").json()
    return health["status"], health["connections"]["redis"]


def measured(what: str, started: float, happened: Callable[[], object]) -> None:
    wait_until(happened, 30)
    sys.stdout.write(f"{what}: {perf_counter() - started:.3f} s\n")


def test_forced_open_is_seen_by_both_and_outlives_a_restart_of_each_and_of_redis(
    replicas: list[GatewayProcess], redis: RedisServer, musicdb: DatabaseAddress
) -> None:
    first, second = replicas
    console = Reader(second)
    started = perf_counter()
    done = first.client.control(PROVIDER, request(ControlAction.FORCE_OPEN))
    assert done.audit_id is not None
    measured("seen on the console's stream of the other replica", started, lambda: "open" in console.states)
    measured("seen by the other replica", started, lambda: is_forced(second))
    assert is_forced(first)
    for replica in replicas:
        replica.end(signal.SIGKILL)
        replica.start()
        started = perf_counter()
        measured("forced again after a restart of the gateway", started, partial(is_forced, replica))
    console.join()
    assert redis_connection(first) == ("healthy", "healthy")
    redis.kill()
    assert all(is_forced(replica) for replica in replicas)
    wait_until(lambda: redis_connection(first)[0] == "degraded", 30)
    assert redis_connection(first)[1].startswith("Redis is away")
    redis.start()
    wait_until(lambda: all(replica.client.live().shared.healthy for replica in replicas), 30)
    assert redis_connection(first) == ("healthy", "healthy")
    assert all(is_forced(replica) for replica in replicas)
    first.end(signal.SIGKILL)
    first.start()
    started = perf_counter()
    measured("forced again after restarts of Redis and gateway", started, lambda: is_forced(first))
    started = perf_counter()
    second.client.control(PROVIDER, request(ControlAction.CLOSE))
    closed = BreakerState.CLOSED
    measured("closed on the other replica", started, lambda: first.breaker(PROVIDER).state is closed)
    rows = second.client.audit(PROVIDER)
    assert [row.action for row in rows] == [AuditAction.CLOSE, AuditAction.FORCE_OPEN]
    _end_everything_but_the_database_while_forced(replicas, redis)


def _end_everything_but_the_database_while_forced(replicas: list[GatewayProcess], redis: RedisServer) -> None:
    replicas[0].client.control(PROVIDER, request(ControlAction.FORCE_OPEN))
    for replica in replicas:
        replica.end(signal.SIGKILL)
    redis.kill()
    redis.start()
    for replica in replicas:
        replica.start()
    for replica in replicas:
        wait_until(partial(is_forced, replica), 30)
    status = replicas[1].breaker(PROVIDER)
    assert (status.state, status.control.author) == (BreakerState.OPEN, "ada@desk")


def test_the_second_operator_a_single_record_and_an_orderly_end(
    replicas: list[GatewayProcess], musicdb: DatabaseAddress
) -> None:
    first, second = replicas
    seen = second.breaker(PROVIDER).epoch
    first.client.control(PROVIDER, request(ControlAction.FORCE_OPEN, endpoint="search", expected_epoch=seen))
    with pytest.raises(ControlConflictError, match="forced open by ada@desk"):
        second.client.control(PROVIDER, request(ControlAction.DISABLE, expected_epoch=seen, author="bob"))
    wait_until(lambda: is_forced(second), 30)
    first.client.control(PROVIDER, request(ControlAction.CLOSE, endpoint="search"))
    wait_until(lambda: not is_forced(second), 30)
    console = Reader(second)
    for replica in replicas:
        assert replica.end(signal.SIGTERM) == 0  # what waits to be recorded is written at the end
        assert "graceful shutdown exceeded" not in replica.log
    console.join()
    assert "was ended by api-gateway-internal" in console.ending
    with musicdb.connect() as connection:
        events = connection.execute(
            "SELECT from_state, to_state FROM raw_circuit_breaker_events ORDER BY epoch"
        ).fetchall()
    assert events == [("closed", "open"), ("open", "closed")]

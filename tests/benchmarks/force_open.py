"""From an operator's force-open at one replica to the console's stream of another; limit 1.5 s at p99.

Two gateway processes, a real Redis, real databases. Run: `python -m tests.benchmarks.force_open [TIMES]`.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.errors import OperatorError
from backend.contracts.live import LiveProviders
from backend.contracts.providers import BreakerState
from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.database.migrations.runner import MigrationRunner
from tests.conftest import MIGRATIONS
from tests.fixtures import postgres
from tests.fixtures.gateway_process import GatewayProcess, running_replicas
from tests.fixtures.provider_simulator import running_simulator
from tests.fixtures.redis_server import running_redis

LIMIT = 1.5
PROVIDER = "deezer"


class Console:
    """Follows a replica's stream, and notes when each state was first seen."""

    def __init__(self, replica: GatewayProcess) -> None:
        self._stream = replica.client.events()
        self._changed = threading.Condition()
        self._state = BreakerState.CLOSED
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, state: BreakerState) -> float:
        """The moment at which the state was there."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._state is state, 30):
                raise TimeoutError(f"the stream never said {state}")
            return perf_counter()

    def _read(self) -> None:
        with suppress(OperatorError):  # the replica is killed at the end
            for item in self._stream:
                if isinstance(item, LiveProviders):
                    self._note(item.providers[PROVIDER].circuit_breaker.state)

    def _note(self, state: BreakerState) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()


def main() -> None:
    """Force open and close again and again, and print the times."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder, _two_replicas(Path(folder)) as (first, second):
        near, far = Console(first), Console(second)
        seconds = sorted(_force_open(first, (near, far)) for _ in range(times))
    p50, p99 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    sys.stdout.write(
        f"force-open to both streams: p50 {p50:.3f} s, p99 {p99:.3f} s, "
        f"limit {LIMIT} s, ratio {p99 / LIMIT:.2f}, n = {times}\n"
    )


def _force_open(replica: GatewayProcess, consoles: tuple[Console, Console]) -> float:
    started = perf_counter()
    _control(replica, ControlAction.FORCE_OPEN)
    seen = max(console.wait_for(BreakerState.OPEN) for console in consoles)
    _control(replica, ControlAction.CLOSE)
    for console in consoles:
        console.wait_for(BreakerState.CLOSED)
    return seen - started


def _control(replica: GatewayProcess, action: ControlAction) -> None:
    request = ControlRequest(action=action, reason="measured", author="benchmark")
    replica.client.control(PROVIDER, request)


@contextmanager
def _two_replicas(folder: Path) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    server = postgres.new_server(folder)
    with (
        postgres.running(server, folder / "postgres.log"),
        running_redis(folder) as redis,
        running_simulator() as simulator,
    ):
        music = _migrated(server.address("musicdb"), "medallion")
        operations = _migrated(server.address("operations"), "operations")
        with running_replicas(2, folder, music, operations, simulator, redis.url) as (first, second):
            yield first, second


def _migrated(address: DatabaseAddress, name: str) -> DatabaseAddress:
    ensure_database(address, "template0")
    MigrationRunner(address, MIGRATIONS / name).apply(run="bench", applied_by="bench", progress=_ignore)
    return address


def _ignore(_text: str) -> None:
    """Nobody watches the migrations."""


if __name__ == "__main__":
    main()

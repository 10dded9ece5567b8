"""From the moment a version is sent until both of two workers walk it; limit 2 s, notified and not notified.

Two worker processes, their own PostgreSQL. Run: `python -m tests.benchmarks.waterfall_activation [TIMES]`.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

from tests.backend.services.metadata_enrichment.configuration.operator import Operator, with_label_threshold
from tests.backend.services.metadata_enrichment.configuration.test_workers import migrated
from tests.backend.services.metadata_enrichment.configuration.worker_process import running_workers
from tests.fixtures import postgres

LIMIT = 2.0
_SILENCE = "ALTER TABLE waterfall_config_activations DISABLE TRIGGER waterfall_config_activations_notify"


def main() -> None:
    """Change the waterfall again and again, and print the times."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = postgres.new_server(folder)
        with postgres.running(server, folder / "postgres.log"):
            music = migrated(server.address("music"))
            with running_workers(2, folder, music) as workers:
                _show("notified", [_change(workers, n) for n in range(times)])
                with music.connect(autocommit=True) as connection:
                    connection.execute(_SILENCE.encode())
                _show("notification lost", [_change(workers, times + n) for n in range(times)])


def _change(workers: list[Operator], number: int) -> float:
    fields = with_label_threshold(workers[0].in_force().fields, 0.1 + number / 1000)
    change = workers[0].change(fields)
    started = perf_counter()
    version = workers[0].apply(change).json()["version"]
    while any(worker.walked() < version for worker in workers):
        sleep(0.005)
    return perf_counter() - started


def _show(name: str, seconds: list[float]) -> None:
    median, longest = statistics.median(seconds), max(seconds)
    ratio = f"limit {LIMIT:.0f} s, ratio {longest / LIMIT:.2f}, n = {len(seconds)}"
    sys.stdout.write(f"{name}: median {median:.2f} s, longest {longest:.2f} s, {ratio}\n")


if __name__ == "__main__":
    main()

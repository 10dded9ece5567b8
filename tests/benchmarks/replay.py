"""Previews and replay runs over 100,000 stored answers, over HTTP.

One service process, its own PostgreSQL. Limits: a drag preview over 5,000 tracks 300 ms; everything, read and
walked under two configurations, 10 s. Run: `python -m tests.benchmarks.replay [TRACKS] [DRAGS]`.
"""

import os
import random
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from backend.contracts.replay import PreviewRequest, ReplayComparison, ReplayRun
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField
from backend.database.address import DatabaseAddress
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.configuration.test_workers import migrated
from tests.backend.services.metadata_enrichment.configuration.worker_process import running_workers
from tests.backend.services.metadata_enrichment.replay.stored import store
from tests.backend.services.metadata_enrichment.replay.synthetic import tracks
from tests.fixtures import postgres

DRAG_LIMIT = 0.3
WHOLE_LIMIT = 10.0
RUN_TRACKS = 500
_RUNS = "/admin/replay/runs"


def main() -> None:
    """Fill the evidence, then print the times."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 24_000
    drags = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = postgres.new_server(folder)
        with postgres.running(server, folder / "postgres.log"):
            music = migrated(server.address("music"))
            _fill(music, count)
            with running_workers(1, folder, music) as (worker,):
                _drags(worker, drags)
                _whole(worker)
                _runs(worker)


def _fill(music: DatabaseAddress, count: int) -> None:
    with music.connect() as connection:
        store(connection, tracks(count))
    with music.connect(autocommit=True) as connection:
        connection.execute("ANALYZE")


def _first_version(worker: Operator) -> list[WaterfallField]:
    """Fields of the version whose sources all have stored answers; the one in force has more of them."""
    reply = worker.ask("GET", "/admin/waterfall/versions/1").raise_for_status()
    return WaterfallConfiguration.model_validate_json(reply.content).fields


def _drags(worker: Operator, drags: int) -> None:
    """One source of one field moved at a time, as when it is dragged."""
    chance, fields = random.Random(1), _first_version(worker)
    first, _ = _preview(worker, fields, 5000)
    times, computed = [], _computed()
    for _ in range(drags):
        field = chance.choice([each for each in fields if len(each.sources) > 1])
        field.sources.insert(0, field.sources.pop(chance.randrange(1, len(field.sources))))
        times.append(_preview(worker, fields, 5000, field.field)[0])
    ordered = sorted(times)
    p50, p95 = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    _say(
        f"drag over 5,000 tracks: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, limit "
        f"{DRAG_LIMIT * 1000:.0f} ms, ratio {p50 / DRAG_LIMIT:.2f} at p50 and {p95 / DRAG_LIMIT:.2f} at p95, "
        f"n = {drags}; {(_computed() - computed) / drags * 1000:.0f} ms of CPU each. The first, which reads "
        f"the answers, {first:.2f} s"
    )


def _whole(worker: Operator) -> None:
    """Every field in reverse order, over everything, from the database on."""
    fields = _first_version(worker)
    for field in fields:
        field.sources.reverse()
    before, computed = _memory(), _computed()
    with _watched(worker) as waits:
        seconds, answer = _preview(worker, fields, 100_000)
    _say(
        f"{answer.responses:,} answers x {len(answer.fields)} fields, read and walked twice: "
        f"{seconds:.1f} s, limit {WHOLE_LIMIT:.0f} s, ratio {seconds / WHOLE_LIMIT:.2f}; "
        f"{_computed() - computed:.1f} s of CPU; {answer.differing:,} values differ; "
        f"{_memory() - before:.0f} MB more"
    )
    _say(
        f"other requests meanwhile: p50 {statistics.median(waits) * 1000:.0f} ms, slowest "
        f"{max(waits) * 1000:.0f} ms, n = {len(waits)}"
    )
    again, _ = _preview(worker, fields, 100_000)
    _say(f"the same once more, nothing having changed: {again:.2f} s")


def _runs(worker: Operator) -> None:
    names = [track.track_id for track in tracks(RUN_TRACKS)]
    for words, promote in (("promoting", True), ("reproducing, 0 differences", False)):
        body = {
            "author": "benchmark",
            "reason": words,
            "promote": promote,
            "track_ids": names,
            "config_version": 1,
        }
        started = perf_counter()
        path = f"{_RUNS}/{worker.ask('POST', _RUNS, json=body).raise_for_status().json()['id']}"
        while (run := ReplayRun.model_validate(worker.ask("GET", path).json())).completed_at is None:
            sleep(0.02)
        seconds = perf_counter() - started
        _say(
            f"replay run, {words}: {run.done_tracks / seconds:,.0f} tracks a second, "
            f"{run.differing_values} differing"
        )


def _preview(
    worker: Operator, fields: Sequence[WaterfallField], count: int, field: str | None = None
) -> tuple[float, ReplayComparison]:
    request = PreviewRequest(fields=list(fields), base_version=1, tracks=count, field=field, differences=500)
    body: dict[str, Any] = request.model_dump(mode="json")
    started = perf_counter()
    reply = worker.ask("POST", "/admin/replay/preview", json=body).raise_for_status()
    return perf_counter() - started, ReplayComparison.model_validate_json(reply.content)


@contextmanager
def _watched(worker: Operator) -> Iterator[list[float]]:
    """Seconds that small requests take while the block runs, one after the other."""
    waits: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.02):
            started = perf_counter()
            worker.ask("GET", "/admin/config")
            waits.append(perf_counter() - started)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


def _service() -> Path:
    """The service's process below /proc."""
    for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        process = Path(f"/proc/{child}")
        if "metadata_enrichment" in (process / "cmdline").read_text():
            return process
    raise RuntimeError("the service is gone")


def _memory() -> float:
    """Megabytes that the service holds."""
    return int((_service() / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _computed() -> float:
    """Seconds that the service has computed so far."""
    fields = (_service() / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

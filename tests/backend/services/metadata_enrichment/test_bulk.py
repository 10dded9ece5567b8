"""Workers as processes of their own: nothing done twice, nothing lost, nothing burnt."""

import signal
from typing import Any

import pytest

from backend.contracts.environment import PROVIDERS
from backend.http import httpx
from tests.backend.services.metadata_enrichment.bulk import (
    WORKERS,
    again,
    calls,
    end_workers,
    message,
    new_id,
    publish,
    start_workers,
    statuses,
    waiting,
)
from tests.fixtures.service_processes import ADMIN, DLQ, ENRICHMENT, GATEWAY, ServiceProcesses
from tests.waiting import wait_until

pytestmark = pytest.mark.stack


def total(services: ServiceProcesses, series: str) -> float:
    """One series of the workers' metrics, of both together."""
    return sum(_figure(services, worker, series) for worker in WORKERS)


def _figure(services: ServiceProcesses, worker: str, series: str) -> float:
    text = httpx.get(f"{services.url(worker)}/metrics", timeout=10).text
    return float(next(line for line in text.splitlines() if line.startswith(f"{series} ")).split()[-1])


async def test_a_message_delivered_twice_is_done_once(workers: ServiceProcesses) -> None:
    track, before = new_id("once"), calls(workers)
    first = message(track)
    await publish(workers, [first])
    wait_until(lambda: waiting(workers) == 0, 60)
    asked = calls(workers)
    assert asked != before
    await publish(workers, [first] * 3)
    wait_until(lambda: waiting(workers) == 0, 60)
    assert sum(statuses(workers, [track]).values()) == 1
    assert calls(workers) == asked
    assert total(workers, "enrichment_worker_in_flight") == 0


async def test_two_workers_with_the_same_track_and_the_same_message_make_one_result(
    workers: ServiceProcesses,
) -> None:
    for provider in PROVIDERS:
        workers.simulator.turn(provider, latency_ms=200, enforce_limit=False)
    track, before = new_id("same"), calls(workers)
    # The same message thrice, as after a lease that ended too early, and another one for the same track.
    same = message(track)
    await publish(workers, [same, again(same), same, same])
    wait_until(lambda: waiting(workers) == 0, 60)
    assert statuses(workers, [track]) == {"completed": 1, "cached": 1}
    asked = {name: count - before[name] for name, count in calls(workers).items()}
    assert asked["deezer"] <= 2  # its search and one look-up: those of one enrichment


async def test_while_nobody_can_answer_messages_wait_and_become_no_dead_letters(
    workers: ServiceProcesses,
) -> None:
    for provider in PROVIDERS:
        workers.simulator.turn(provider, error_rate=1.0, enforce_limit=False)
    tracks = [new_id("waits") for _ in range(30)]
    dead = workers.get(DLQ, "/dlq/stats")["total_messages"]
    before = total(workers, "enrichment_worker_put_back_total")
    await publish(workers, [message(track) for track in tracks])
    wait_until(lambda: total(workers, "enrichment_worker_put_back_total") >= before + 2, 60)
    assert total(workers, "enrichment_worker_pause_seconds") > 0
    assert waiting(workers) == len(tracks)
    workers.heal()
    wait_until(lambda: waiting(workers) == 0, 60)
    assert sum(statuses(workers, tracks).values()) == len(tracks)
    assert set(statuses(workers, tracks)) <= {"completed", "partial"}
    assert workers.get(DLQ, "/dlq/stats")["total_messages"] == dead


async def test_workers_that_are_told_to_stop_finish_what_they_have_begun(workers: ServiceProcesses) -> None:
    for provider in PROVIDERS:
        workers.simulator.turn(provider, latency_ms=250, enforce_limit=False)
    tracks = [new_id("drained") for _ in range(40)]
    await publish(workers, [message(track) for track in tracks])
    wait_until(lambda: total(workers, "enrichment_worker_in_flight") == 8, 60)
    processes = [workers.processes[worker] for worker in WORKERS]
    end_workers(workers, signal.SIGTERM)
    assert [process.returncode for process in processes] == [0, 0]
    left, found = waiting(workers), statuses(workers, tracks)
    assert "in_progress" not in found
    assert 0 < left == len(tracks) - sum(found.values())
    with workers.operations.connect() as connection:
        counts = connection.execute("SELECT delivery_count, lease FROM broker.messages").fetchall()
    assert counts == [(0, None)] * left
    workers.simulator.rest()
    start_workers(workers)
    wait_until(lambda: waiting(workers) == 0, 60)
    assert sum(statuses(workers, tracks).values()) == len(tracks)


async def test_what_an_outage_degraded_is_done_again_when_the_provider_is_back(
    revisiting: ServiceProcesses,
) -> None:
    tracks = [new_id("revisited") for _ in range(6)]
    force(revisiting, "force_open")
    await publish(revisiting, [message(track) for track in tracks])
    wait_until(lambda: waiting(revisiting) == 0, 60)
    assert degraded(revisiting, tracks) == len(tracks)
    refused = httpx.post(
        f"{revisiting.url(ENRICHMENT)}/enrich/revisit?provider=spotify", headers=ADMIN, timeout=30
    )
    assert (refused.status_code, "circuit breaker open" in refused.json()["detail"]) == (409, True)
    wait_until(lambda: newest(revisiting).get("status") != "running")

    force(revisiting, "close")
    wait_until(lambda: newest(revisiting).get("status") == "completed", 60)
    run = newest(revisiting)
    assert (run["done"], run["failed"]) == (run["queued"], 0)
    assert degraded(revisiting, tracks) == 0
    assert statuses(revisiting, tracks) == {"completed": 2 * len(tracks)}
    assert "spotify" not in revisiting.get(ENRICHMENT, "/stats")["degraded_by"]
    assert f'enrichment_revisits_queued_total{{provider="spotify"}} {run["queued"]}.0' in metrics(revisiting)


def newest(services: ServiceProcesses) -> dict[str, Any]:
    runs: list[dict[str, Any]] = services.get(ENRICHMENT, "/enrich/revisits")
    return next((run for run in runs if run["provider"] == "spotify"), {})


def metrics(services: ServiceProcesses) -> str:
    return httpx.get(f"{services.url(ENRICHMENT)}/metrics", timeout=10).text


def force(services: ServiceProcesses, action: str) -> None:
    order = {"action": action, "reason": "tests", "author": "tests"}
    services.post(GATEWAY, "/admin/circuit-breakers/spotify/control", order)


def degraded(services: ServiceProcesses, tracks: list[str]) -> int:
    with services.musicdb.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM enriched_tracks WHERE degraded AND track_id = ANY(%s)", (tracks,)
        ).fetchone()
    return int(row[0]) if row else 0

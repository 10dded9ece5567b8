"""Tracks enriched by the real services, also with failing providers, replayed under the same version."""

import signal
from typing import Any
from uuid import uuid4

import pytest

from backend.contracts.environment import PROVIDERS
from backend.contracts.replay import ReplayComparison
from tests.fixtures.service_processes import ENRICHMENT, ServiceProcesses
from tests.waiting import wait_until

pytestmark = pytest.mark.stack

SONGS = (
    ("Deadmau5", "Strobe"),
    ("Daft Punk", "One More Time"),
    ("Test", "Test"),
)
TROUBLES: dict[str, dict[str, Any]] = {
    "none": {},
    "spotify": {"error_rate": 1.0},
    "musicbrainz": {"error_rate": 1.0},
}


def spelled(title: str, mark: str) -> str:
    """Another spelling of the same names, so that the gateway's cache does not answer for the provider."""
    return title + mark


def enrich_all(services: ServiceProcesses) -> None:
    """Every song under every trouble, and afterwards some of them once more."""
    for number, (provider, knobs) in enumerate(TROUBLES.items()):
        services.heal()
        if knobs:
            services.simulator.turn(provider, enforce_limit=False, **knobs)
        for artist, title in SONGS:
            track = f"{provider}-{title}-{uuid4().hex[:6]}".replace(" ", "-").lower()
            services.enrich(track, artist, spelled(title, "!" * number))
            if title == "Strobe":
                services.heal()
                services.enrich(track, artist, spelled(title, "!" * number), force_refresh=True)
    services.heal()


def asked(services: ServiceProcesses) -> int:
    return sum(services.simulator.counts(provider)["requests"] for provider in PROVIDERS)


@pytest.fixture(scope="module")
def enriched(services: ServiceProcesses) -> ServiceProcesses:
    """The stack after it has enriched all that."""
    enrich_all(services)
    return services


def started(services: ServiceProcesses, **more: Any) -> str:
    """Path of a run that was queued."""
    body = {"author": "ada@desk", "reason": "a test", **more}
    return f"/admin/replay/runs/{services.post(ENRICHMENT, '/admin/replay/runs', body)['id']}"


def run_to_its_end(services: ServiceProcesses, **more: Any) -> dict[str, Any]:
    return ended(services, started(services, **more))


def ended(services: ServiceProcesses, path: str) -> dict[str, Any]:
    wait_until(lambda: services.get(ENRICHMENT, path)["status"] not in {"queued", "running"})
    run: dict[str, Any] = services.get(ENRICHMENT, path)
    return {**run, "differences": services.get(ENRICHMENT, f"{path}/differences")}


@pytest.mark.parametrize("promote", [False, True])
def test_a_replay_reproduces_the_stored_winners_and_asks_nobody(
    enriched: ServiceProcesses, promote: bool
) -> None:
    before = asked(enriched)
    run = run_to_its_end(enriched, promote=promote)
    assert run["differences"] == []
    assert (run["status"], run["differing_values"], run["unjudged_values"]) == ("completed", 0, 0)
    assert run["total_tracks"] == run["done_tracks"] == len(TROUBLES) * len(SONGS)
    assert run["promoted_tracks"] == 0
    assert asked(enriched) == before


def test_a_preview_of_the_version_in_force_changes_nothing_and_knows_the_limits(
    enriched: ServiceProcesses,
) -> None:
    in_force = enriched.get(ENRICHMENT, "/admin/waterfall")
    reply = enriched.post(ENRICHMENT, "/admin/replay/preview", {"fields": in_force["fields"]})
    comparison = ReplayComparison.model_validate(reply)
    assert (comparison.differing, comparison.unjudged, comparison.judged_share) == (0, 0, 1)
    assert comparison.tracks == len(TROUBLES) * len(SONGS)
    assert all(one.limit_per_second and one.hours_after for one in comparison.providers if one.after)
    assert comparison.bottleneck_after is not None


def test_the_winners_of_the_base_are_those_that_gold_has(enriched: ServiceProcesses) -> None:
    in_force = enriched.get(ENRICHMENT, "/admin/waterfall")
    reply = enriched.post(ENRICHMENT, "/admin/replay/preview", {"fields": in_force["fields"]})
    shown = {one["field"]: one["before"]["winners"] for one in reply["fields"]}
    with enriched.musicdb.connect() as connection:
        rows = connection.execute(
            "SELECT field, provider, count(*) FROM field_provenance GROUP BY field, provider"
        ).fetchall()
    held: dict[str, dict[str, int]] = {field: {} for field in shown}
    for field, provider, count in rows:
        held[field][provider] = count
    assert shown == held


def test_a_draft_that_drops_the_sources_of_a_field_is_promoted_and_taken_back_by_a_service_that_dies(
    enriched: ServiceProcesses,
) -> None:
    in_force = enriched.get(ENRICHMENT, "/admin/waterfall")
    for field in in_force["fields"]:
        for step in field["sources"]:
            if field["field"] == "bpm":
                step["enabled"] = False
    change = {"base_version": in_force["version"], "author": "ada@desk", "comment": "no tempo"}
    preview = enriched.post(ENRICHMENT, "/admin/replay/preview", {"fields": in_force["fields"]})
    applied = enriched.post(ENRICHMENT, "/admin/waterfall/versions", {**change, "fields": in_force["fields"]})
    run = run_to_its_end(enriched, promote=True, config_version=applied["version"])
    assert run["differing_values"] == preview["differing"] > 0
    assert {one["field"] for one in run["differences"]} == {"bpm"}
    with enriched.musicdb.connect() as connection:
        assert connection.execute("SELECT count(bpm) FROM enriched_tracks").fetchone() == (0,)
    back = killed_at_work(enriched, promote=True, config_version=in_force["version"])
    assert back["status"] == "completed"
    assert back["differing_values"] == len(back["differences"]) == run["differing_values"]
    assert back["promoted_tracks"] == run["promoted_tracks"]


def killed_at_work(services: ServiceProcesses, **more: Any) -> dict[str, Any]:
    """A run whose service is killed while it waits for a track, and is started again after the lease."""
    with services.musicdb.connect() as connection:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(min(track_id), 0)) FROM source_evidence"
        )
        path = started(services, **more)
        wait_until(lambda: services.get(ENRICHMENT, path)["status"] == "running")
        services.end(ENRICHMENT, signal.SIGKILL)
    with services.musicdb.connect() as connection:
        connection.execute("UPDATE replay_progress SET lease_until = now() WHERE lease IS NOT NULL")
    services.start(ENRICHMENT)
    return ended(services, path)

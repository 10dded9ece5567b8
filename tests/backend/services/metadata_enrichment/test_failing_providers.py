"""The playbook's end-to-end test with a provider failing in each way there is, through all layers."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from backend.contracts.environment import PROVIDERS
from backend.database.address import DatabaseAddress
from backend.database.databases import drop_database, ensure_database
from backend.database.embedded import EmbeddedPostgres
from tests.fixtures.provider_simulator import running_simulator
from tests.fixtures.scripted_provider import Answer
from tests.fixtures.service_processes import DLQ, GATEWAY, ServiceProcesses, running_services
from tests.fixtures.simulator_relay import Relay, running_relay
from tests.waiting import wait_until

pytestmark = pytest.mark.stack

STEPS = """SELECT provider, outcome FROM enrichment_transformations
           WHERE track_id = %s AND field = 'isrc' ORDER BY position"""
EVIDENCE = "SELECT provider, outcome, verdict FROM source_evidence WHERE track_id = %s"
GOLD = "SELECT is_complete, degraded, provenance FROM enriched_tracks WHERE track_id = %s"
_NUMBERS = count(1)


@dataclass
class Stack:
    """The services over a simulator that a relay can speak for."""

    services: ServiceProcesses
    relay: Relay
    database: DatabaseAddress

    def enrich(self, track: str) -> Any:
        """Strobe, spelled as never before, so that no cached answer speaks for a provider."""
        return self.services.enrich(track, "deadmau5", "Strobe" + "!" * next(_NUMBERS))

    def rows(self, statement: str, track: str) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return connection.execute(statement, (track,)).fetchall()

    def gold(self, track: str) -> tuple[Any, ...]:
        (row,) = self.rows(
            "SELECT is_complete, degraded, provenance FROM enriched_tracks WHERE track_id = %s", track
        )
        return row


@pytest.fixture(scope="module")
def stack(
    postgres_server: EmbeddedPostgres,
    musicdb_template: str,
    operations_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("failing")
    musicdb = postgres_server.address(f"musicdb_{folder.name}")
    operations = postgres_server.address(f"operations_{folder.name}")
    ensure_database(musicdb, musicdb_template)
    ensure_database(operations, operations_template)
    with (
        running_simulator() as simulator,
        running_relay(simulator) as (relay, relayed),
        running_services(folder, musicdb, operations, relayed) as services,
    ):
        yield Stack(services, relay, musicdb)
    drop_database(musicdb)
    drop_database(operations)


@pytest.fixture
def healthy(stack: Stack) -> Stack:
    stack.relay.scripted.clear()
    stack.services.heal()
    return stack


def throttled(stack: Stack) -> None:
    turn(stack, throttle_rate=1.0, retry_after_seconds=1)


def quota(stack: Stack) -> None:
    turn(stack, throttle_rate=1.0, retry_after_seconds=86_400)


def credential(stack: Stack) -> None:
    turn(stack, refuse_credentials=True)


def failure(stack: Stack) -> None:
    turn(stack, error_rate=1.0)


def capability_gone(stack: Stack) -> None:
    """One kind of call is refused while another one works."""
    known = stack.services.enrich("lookup-works", "deadmau5", "Strobe")["metadata_acquired"]["spotify_id"]
    stack.services.get(GATEWAY, f"/api/spotify/track/{known}")
    answer(stack, 403, b'{"error": {"status": 403, "message": "Forbidden"}}')


def bad_request(stack: Stack) -> None:
    answer(stack, 400, b'{"error": {"status": 400, "message": "invalid query"}}')


def contract(stack: Stack) -> None:
    answer(stack, 200, b'{"songs": []}')


def not_found(stack: Stack) -> None:
    answer(stack, 200, b'{"tracks": {"items": []}}')


def no_match(stack: Stack) -> None:
    other = b'{"id": "0000000000000000000001", "name": "Ghosts", "artists": [{"name": "Nobody"}]}'
    answer(stack, 200, b'{"tracks": {"items": [' + other + b"]}}")


def breaker_open(stack: Stack) -> None:
    body = {"action": "force_open", "reason": "the tests say so", "author": "ada@desk"}
    stack.services.post(GATEWAY, "/admin/circuit-breakers/spotify/control", body)


def turn(stack: Stack, **knobs: Any) -> None:
    stack.services.simulator.turn("spotify", enforce_limit=False, **knobs)


def answer(stack: Stack, status: int, body: bytes) -> None:
    stack.relay.scripted["/spotify/v1/search"] = Answer(status, body, {"content-type": "application/json"})


PASSING = [throttled, quota, failure, contract, breaker_open]
LASTING = [credential, capability_gone, bad_request, not_found, no_match]


@pytest.mark.parametrize("trouble", [*PASSING, *LASTING], ids=lambda one: one.__name__)
def test_the_next_source_steps_in_and_everything_is_written_down(
    healthy: Stack, trouble: Callable[[Stack], None]
) -> None:
    outcome, passes = trouble.__name__, trouble in PASSING
    track = f"failing-{outcome}"
    trouble(healthy)
    answered = healthy.enrich(track)
    assert answered["status"] == "completed"
    assert healthy.rows(STEPS, track) == [("spotify", outcome), ("deezer", "used")]
    evidence = {provider: rest for provider, *rest in healthy.rows(EVIDENCE, track)}
    verdict = "no_match" if outcome == "no_match" else "no_answer"
    assert evidence["spotify"] == ["ok" if outcome == "no_match" else outcome, verdict]
    missed = ["spotify"] if passes else []
    is_complete, degraded, provenance = healthy.gold(track)
    assert (is_complete, degraded, provenance["isrc"]["degraded_by"]) == (True, passes, missed)
    complained = any(error.startswith("spotify") for error in answered["errors"])
    assert complained is (outcome not in {"not_found", "no_match"})
    healthy.relay.scripted.clear()
    healthy.services.heal()
    if trouble is quota:  # a day is too long to wait; the gate's memory ends with its process
        healthy.services.end(GATEWAY, signal.SIGTERM)
        healthy.services.start(GATEWAY)
    wait_until(lambda: healthy.enrich(track)["provenance"]["isrc"]["provider"] == "spotify")
    assert healthy.gold(track)[1] is False


def test_when_nobody_answers_the_request_lies_in_the_dead_letters_with_every_reason(healthy: Stack) -> None:
    for provider in PROVIDERS:
        healthy.services.simulator.turn(provider, error_rate=1.0, enforce_limit=False)
    throttled(healthy)
    healthy.services.simulator.turn("beatport", refuse_credentials=True, enforce_limit=False)
    healthy.relay.scripted["/deezer"] = Answer(200, b"<html>maintenance</html>")
    answered = healthy.enrich("nobody")
    assert answered["status"] == "failed"
    letter = answered["dead_letter_id"]
    (told,) = answered["errors"]
    for reason in ("spotify: throttled", "beatport: credential", "deezer: contract", "musicbrainz: failure"):
        assert reason in told
    assert healthy.rows(EVIDENCE, "nobody") == []
    wait_until(lambda: healthy.services.get(DLQ, "/dlq/stats")["total_pending"] == 1)
    shown = healthy.services.get(DLQ, f"/dlq/messages/{letter}")
    assert (shown["error_type"], shown["payload"]["track_id"]) == ("NoProviderAnswered", "nobody")

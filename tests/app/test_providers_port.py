"""The console's port to the gateway's providers, against the gateway's real application and databases."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from app.providers_port import Providers
from backend.contracts.control import ControlAction, ControlConflictError, ControlRequest
from backend.contracts.environment import Environment, Ports
from backend.contracts.errors import OperatorError
from backend.contracts.live import BreakerTransition, LiveProviders, ProviderImpact
from backend.contracts.providers import BreakerControl, BreakerState
from backend.contracts.runs import ExitCode
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.api_gateway.app import create_app
from tests.backend.services.api_gateway.serving import TOKEN, settings_for
from tests.fixtures.answering import Answer, answering
from tests.fixtures.conditions import wait_for
from tests.fixtures.music import add_gold, add_requests
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import SimulatorHandle, running_simulator, serving

HERE = "sandbox"


@dataclass(frozen=True)
class Place:
    """A stack as the port needs it."""

    port: int
    music: DatabaseAddress
    operations: DatabaseAddress
    token: str = TOKEN

    @property
    def environment(self) -> Environment:
        return Environment(name=HERE, ports=Ports(gateway=self.port))

    def admin_token(self) -> str:
        return self.token

    def musicdb(self) -> DatabaseAddress:
        return self.music

    def operations_database(self) -> DatabaseAddress:
        return self.operations


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorHandle]:
    with running_simulator() as handle:
        yield handle


@pytest.fixture
def place(
    simulator: SimulatorHandle, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> Iterator[Place]:
    app = create_app(settings_for(simulator, musicdb, operations_db))
    with serving(app) as url:
        yield Place(int(url.rsplit(":", 1)[1]), musicdb, operations_db)
        app.state.end_streams()


@pytest.fixture
def providers(place: Place) -> Providers:
    return Providers(lambda _name: place)


def request(action: ControlAction, **more: object) -> ControlRequest:
    given = {"action": action, "reason": "they asked us to", "author": "ada@desk", **more}
    return ControlRequest.model_validate(given)


def nowhere() -> Providers:
    """A port to a gateway that is not there."""
    address = DatabaseAddress("127.0.0.1", free_port(), "musicdb", "nobody")
    place = Place(free_port(), address, address)
    return Providers(lambda _name: place)


def test_live_state_history_and_audit_come_typed(providers: Providers) -> None:
    live = providers.live(HERE)
    assert live.release == "r1"
    assert live.providers["deezer"].circuit_breaker.state is BreakerState.CLOSED
    assert set(providers.histories(HERE, 15)) == set(live.providers)
    assert len(providers.history(HERE, "deezer", 60).points) == 60
    assert providers.audit(HERE, "deezer") == []
    assert "@" in providers.operator()


def test_a_change_is_told_by_the_stream(providers: Providers) -> None:
    stream = providers.events(HERE)
    first = next(stream)
    assert isinstance(first, LiveProviders)
    assert first.providers["deezer"].circuit_breaker.state is BreakerState.CLOSED
    providers.control(HERE, "deezer", request(ControlAction.FORCE_OPEN, endpoint="search"))
    seen = []
    for item in stream:
        seen.append(item)
        if isinstance(item, LiveProviders) and item.providers["deezer"].circuit_breaker.state == "open":
            break
    (transition,) = [item for item in seen if isinstance(item, BreakerTransition)]
    assert (transition.provider, transition.endpoint) == ("deezer", "search")
    assert (transition.from_state, transition.to_state) == (BreakerState.CLOSED, BreakerState.OPEN)
    assert transition.reason == "forced open by ada@desk: they asked us to"


def test_control_is_done_and_audited_and_the_second_operator_is_told(providers: Providers) -> None:
    epoch = providers.live(HERE).providers["deezer"].circuit_breaker.epoch
    done = providers.control(HERE, "deezer", request(ControlAction.DISABLE, expected_epoch=epoch))
    assert done.circuit_breaker.control.control is BreakerControl.DISABLED
    (row,) = providers.audit(HERE, "deezer")
    assert (row.id, row.author) == (done.audit_id, "ada@desk")
    with pytest.raises(ControlConflictError, match="disabled by ada@desk"):
        providers.control(HERE, "deezer", request(ControlAction.CLOSE, expected_epoch=epoch, author="bob@x"))


def test_what_the_gateway_refuses_is_told_in_its_words(place: Place, providers: Providers) -> None:
    with pytest.raises(OperatorError, match="no provider 'tidal'") as unknown:
        providers.control(HERE, "tidal", request(ControlAction.CLOSE))
    assert unknown.value.exit_code == ExitCode.USAGE
    stranger = Providers(lambda _name: Place(place.port, place.music, place.operations, "guess"))
    with pytest.raises(OperatorError, match="admin token") as refused:
        stranger.control(HERE, "deezer", request(ControlAction.CLOSE))
    assert refused.value.exit_code == ExitCode.REFUSED


ASKING: tuple[Callable[[Providers], object], ...] = (
    lambda port: port.live(HERE),
    lambda port: next(port.events(HERE)),
    lambda port: port.histories(HERE, 15),
    lambda port: port.control(HERE, "deezer", request(ControlAction.CLOSE)),
)


@pytest.mark.parametrize("ask", ASKING)
def test_a_gateway_that_is_not_there_is_said_to_be_so(ask: Callable[[Providers], object]) -> None:
    with pytest.raises(OperatorError, match="nothing listens there"):
        ask(nowhere())


def test_the_impact_is_counted_since_the_breaker_left_the_closed_state(
    place: Place, providers: Providers, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    quiet = providers.impact(HERE, "deezer")
    assert abs(datetime.now(UTC) - timedelta(hours=1) - quiet.since) < timedelta(minutes=1)
    assert quiet.fields is not None
    tempo = next(use for use in quiet.fields if use.field == "bpm")
    assert (tempo.place, tempo.followed_by) == (2, [])
    title = next(use for use in quiet.fields if use.followed_by)
    assert title.place + len(title.followed_by) > 1
    providers.control(HERE, "deezer", request(ControlAction.FORCE_OPEN, endpoint="search"))
    opened = providers.live(HERE).providers["deezer"].circuit_breaker.since
    _write_results(musicdb, operations_db, title.field)
    impact = wait_for(lambda: _when_recorded(providers, opened), "the event in Bronze")
    assert impact is not None
    assert impact.covered_by == {"spotify": 1.0}
    assert (impact.tracks, impact.dead_letters) == (1, 1)


def test_what_cannot_be_read_is_none_and_not_nought() -> None:
    impact = nowhere().impact(HERE, "deezer")
    assert (impact.fields, impact.covered_by, impact.tracks, impact.dead_letters) == (None, None, None, None)


def _when_recorded(providers: Providers, opened: datetime) -> ProviderImpact | None:
    impact = providers.impact(HERE, "deezer")
    return impact if abs(impact.since - opened) < timedelta(seconds=1) else None


def _write_results(musicdb: DatabaseAddress, operations_db: DatabaseAddress, field: str) -> None:
    """A track marked degraded with one value, and two dead letters of which one is Deezer's."""
    add_requests(musicdb, 1)
    with musicdb.connect(autocommit=True) as connection:
        connection.execute(
            """INSERT INTO enrichment_requests (track_id, artist_name, track_title, status, correlation_id,
                   raw_request_id, source, finished_at)
               SELECT track_id, artist_name, track_title, 'completed', 'c', id, 'api', now()
               FROM raw_track_enrichment_requests"""
        )
    add_gold(musicdb)
    with musicdb.connect(autocommit=True) as connection:
        connection.execute("UPDATE enriched_tracks SET degraded = true")
        connection.execute(
            """INSERT INTO field_provenance (track_id, field, provider, position, confidence, current_value,
                   request_id, config_version)
               SELECT track_id, %s, 'spotify', 2, 0.9, '"x"', request_id, 1 FROM enriched_tracks""",
            (field,),
        )
    with operations_db.connect(autocommit=True) as connection:
        for provider in ("deezer", "spotify"):
            connection.execute(
                """INSERT INTO dead_letters.messages (message_id, generation, routing_key, source_service,
                       provider, error_type, error_message, fingerprint, fingerprint_version, first_failed_at,
                       failed_at)
                   VALUES (%(p)s, 0, 'q', 's', %(p)s, 'E', 'e', 'f', 1, now(), now())""",
                {"p": provider},
            )


@contextmanager
def _answering(answer: Answer) -> Iterator[Providers]:
    """A port to a program that answers in its own way."""
    address = DatabaseAddress("127.0.0.1", free_port(), "musicdb", "nobody")
    with answering(answer) as port:
        place = Place(port, address, address)
        yield Providers(lambda _name: place)


def test_a_stream_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.clients.event_stream.SILENCE_SECONDS", 0.2)
    done = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        done.wait(20)

    with _answering(silent) as port:
        with pytest.raises(OperatorError, match=r"silent for 0\.2 s"):
            next(port.events(HERE))
        done.set()


@pytest.mark.parametrize(
    ("status", "kind", "body", "words"),
    [
        (200, "text/event-stream", "event: providers\ndata: {}\n\n", "not understood"),
        (200, "text/html", "<html>", "is no live stream"),
        (404, "application/json", json.dumps({"detail": "Not Found"}), "of a release that cannot be asked"),
        (503, "application/json", json.dumps({"detail": "The gateway is starting."}), "is starting"),
        (200, "text/event-stream", "", "was ended by api-gateway-internal"),
    ],
)
def test_a_stream_that_is_none_says_what_it_is(status: int, kind: str, body: str, words: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-type", kind)
        handler.end_headers()
        handler.wfile.write(body.encode())

    with _answering(answer) as port, pytest.raises(OperatorError, match=words):
        list(port.events(HERE))


def test_the_gateways_end_ends_the_stream_and_not_the_other_way_round(
    simulator: SimulatorHandle, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    app = create_app(settings_for(simulator, musicdb, operations_db))
    with serving(app) as url:
        place = Place(int(url.rsplit(":", 1)[1]), musicdb, operations_db)
        stream = Providers(lambda _name: place).events(HERE)
        next(stream)
        app.state.end_streams()
        with pytest.raises(OperatorError, match="was ended by api-gateway-internal"):
            list(stream)
        assert httpx.get(f"{url}/health").status_code == 200

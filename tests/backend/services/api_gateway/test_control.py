"""Breakers by hand, over the gateway's endpoints and with real databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.contracts.control import ControlAudit, ControlResult
from backend.contracts.live import LiveProviders, ProviderHistory
from backend.contracts.providers import BreakerControl, BreakerState
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.services.api_gateway.app import create_app
from tests.backend.services.api_gateway.serving import BEARER, settings_for
from tests.fixtures.conditions import wait_for
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import SimulatorHandle, serving

REASON = "they asked us to stop until noon"


def control(gateway: httpx.Client, provider: str, action: str, **more: Any) -> httpx.Response:
    body = {"action": action, "reason": REASON, "author": "ada@desk", **more}
    return gateway.post(f"/admin/circuit-breakers/{provider}/control", json=body, headers=BEARER)


def result(answer: httpx.Response) -> ControlResult:
    assert answer.status_code == 200, answer.text
    return ControlResult.model_validate_json(answer.content)


def live(gateway: httpx.Client) -> LiveProviders:
    return LiveProviders.model_validate_json(gateway.get("/admin/providers").content)


def search(gateway: httpx.Client, provider: str, title: str = "Strobe") -> httpx.Response:
    return gateway.post(f"/api/{provider}/search", json={"artist_name": "deadmau5", "track_title": title})


def audit(gateway: httpx.Client, **query: Any) -> list[ControlAudit]:
    answer = gateway.get("/admin/circuit-breakers/audit", params=query)
    return [ControlAudit.model_validate(row) for row in answer.json()]


def test_forgetting_cached_answers_is_on_record(gateway: httpx.Client) -> None:
    assert search(gateway, "deezer").status_code == 200
    asked = {"provider": "deezer", "operation": "search", "reason": "wrong covers"}
    headers = {**BEARER, "X-Operator": "ada@desk"}
    done = gateway.post("/admin/cache/invalidate", params=asked, headers=headers).json()
    (row,) = audit(gateway, provider="deezer")
    assert (row.action, row.endpoint, row.author, row.reason, row.before) == (
        "forget_answers",
        "search",
        "ada@desk",
        "wrong covers",
        "1 answers",
    )
    assert done["audit_id"] == row.id


def test_forced_open_refuses_every_call_until_closed_and_both_are_on_record(
    gateway: httpx.Client, simulator: SimulatorHandle
) -> None:
    done = result(control(gateway, "deezer", "force_open", minutes=30))
    assert done.circuit_breaker.state is BreakerState.OPEN
    assert done.circuit_breaker.control.control is BreakerControl.FORCED_OPEN
    assert done.circuit_breaker.control.until is not None
    left = done.circuit_breaker.control.until - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    before = simulator.counts("deezer")["requests"]
    assert search(gateway, "deezer").status_code == 503
    assert simulator.counts("deezer")["requests"] == before
    health = gateway.get("/health").json()
    assert health["api_clients"]["deezer"]["circuit_breaker"]["state"] == "open"
    closed = result(control(gateway, "deezer", "close"))
    assert closed.circuit_breaker.state is BreakerState.CLOSED
    assert search(gateway, "deezer").status_code == 200
    newest, first = audit(gateway, provider="deezer")
    assert (newest.action, newest.before, newest.id) == ("close", "open, forced open", closed.audit_id)
    assert (first.action, first.before, first.id) == ("force_open", "closed, automatic", done.audit_id)
    assert (first.author, first.reason, first.endpoint) == ("ada@desk", REASON, None)
    assert audit(gateway, provider="spotify") == []
    assert len(audit(gateway, limit=1)) == 1


def test_one_endpoint_alone_can_be_forced(gateway: httpx.Client) -> None:
    found = search(gateway, "deezer").json()["results"][0]["provider_id"]
    done = result(control(gateway, "deezer", "force_open", endpoint="search"))
    states = {name: status.state for name, status in done.endpoints.items()}
    assert (states["search"], states["lookup"]) == (BreakerState.OPEN, BreakerState.CLOSED)
    assert search(gateway, "deezer", "Ghosts n Stuff").status_code == 503
    assert gateway.get(f"/api/deezer/track/{found}").status_code == 200
    result(control(gateway, "deezer", "shadow", endpoint="images"))
    newest, first = audit(gateway)
    assert (newest.endpoint, newest.before) == ("images", "closed, automatic")
    assert first.endpoint == "search"


def test_disabled_lets_failures_pass_uncounted(gateway: httpx.Client, simulator: SimulatorHandle) -> None:
    simulator.turn("discogs", error_rate=1.0, enforce_limit=False)
    result(control(gateway, "discogs", "disable"))
    for number in range(12):
        assert search(gateway, "discogs", f"Song {number}").status_code == 502
    status = live(gateway).providers["discogs"].circuit_breaker
    assert (status.state, status.failures_in_window) == (BreakerState.CLOSED, 0)


def test_the_second_of_two_operators_is_told_what_the_first_did(gateway: httpx.Client) -> None:
    seen = live(gateway).providers["deezer"].circuit_breaker.epoch
    result(control(gateway, "deezer", "force_open", expected_epoch=seen))
    answer = control(gateway, "deezer", "disable", expected_epoch=seen, author="bob@desk")
    assert answer.status_code == 409
    body = answer.json()
    assert f"forced open by ada@desk ({REASON})" in body["detail"]
    assert body["circuit_breaker"]["state"] == "open"
    assert [row.action for row in audit(gateway)] == ["force_open"]
    again = control(gateway, "deezer", "disable", expected_epoch=body["circuit_breaker"]["epoch"])
    assert result(again).circuit_breaker.control.control is BreakerControl.DISABLED


@pytest.mark.parametrize(
    ("provider", "body", "status", "words"),
    [
        ("tidal", {}, 404, "Known: musicbrainz"),
        ("deezer", {"endpoint": "lyrics"}, 404, "It has: search, lookup, features, images, token, host"),
        ("deezer", {"reason": "  "}, 422, "at least 3 characters"),
        ("deezer", {"reason": "nul \x00 in it"}, 422, "NUL"),
        ("deezer", {"minutes": 20_000}, 422, "less than or equal to 10080"),
        ("deezer", {"action": "explode"}, 422, "force_open"),
    ],
)
def test_a_request_that_cannot_be_done_says_why_and_leaves_no_trace(
    gateway: httpx.Client, provider: str, body: dict[str, Any], status: int, words: str
) -> None:
    answer = control(gateway, provider, **{"action": "force_open", **body})
    assert answer.status_code == status
    assert words in answer.text
    assert audit(gateway) == []


def test_looking_is_free_and_changing_needs_the_token(gateway: httpx.Client) -> None:
    for path in ("providers", "circuit-breakers", "circuit-breakers/audit", "history", "rate-limits"):
        assert gateway.get(f"/admin/{path}").status_code == 200
    body = {"action": "close", "reason": REASON, "author": "ada@desk"}
    for path in ("deezer/control", "deezer/reset", "reset-all"):
        for headers in ({}, {"Authorization": "Bearer guess"}):
            url = f"/admin/circuit-breakers/{path}"
            assert gateway.post(url, json=body, headers=headers).status_code == 401


def test_a_probe_makes_a_real_call_and_reports_it(gateway: httpx.Client, simulator: SimulatorHandle) -> None:
    simulator.turn("deezer", error_rate=1.0, enforce_limit=False)
    for number in range(20):
        search(gateway, "deezer", f"Song {number}")
    failed = result(control(gateway, "deezer", "probe", endpoint="search"))
    assert failed.test_call is not None
    assert failed.test_call.outcome == "failure"
    assert failed.test_call.response_id is not None
    simulator.rest()
    result(control(gateway, "deezer", "probe", endpoint="search"))
    passed = result(control(gateway, "deezer", "probe", endpoint="search"))
    assert passed.test_call is not None
    assert passed.test_call.outcome == "ok"
    assert passed.circuit_breaker.state is BreakerState.CLOSED
    looked_up = result(control(gateway, "deezer", "probe", endpoint="lookup")).test_call
    assert looked_up is not None
    assert looked_up.outcome == "ok"
    assert simulator.counts("deezer")["requests"] > 0


def test_a_provider_without_a_search_is_probed_by_a_look_up(
    gateway: httpx.Client, simulator: SimulatorHandle
) -> None:
    before = simulator.counts("coverartarchive")["requests"]
    made = result(control(gateway, "coverartarchive", "probe")).test_call
    assert made is not None
    assert (made.outcome, made.response_id is None) == (
        "not_found",
        False,
    )  # the simulator has other releases
    assert simulator.counts("coverartarchive")["requests"] == before + 1


def test_the_references_endpoints_work(gateway: httpx.Client) -> None:
    result(control(gateway, "deezer", "force_open"))
    result(control(gateway, "spotify", "force_open"))
    overview = gateway.get("/admin/circuit-breakers").json()["deezer"]
    reference = {"state", "failure_count", "failure_threshold", "last_failure_time"}
    assert overview.keys() > reference
    assert (overview["state"], overview["failure_count"], overview["last_failure_time"]) == ("open", 0, None)
    one = gateway.post("/admin/circuit-breakers/deezer/reset", headers=BEARER).json()
    assert (one["status"], one["new_state"]) == ("reset", "closed")
    everyone = gateway.post("/admin/circuit-breakers/reset-all", headers=BEARER).json()
    assert {answer["new_state"] for answer in everyone.values()} == {"closed"}
    assert everyone.keys() == gateway.get("/health").json()["api_clients"].keys()
    assert audit(gateway)[0].reason == "reset over the gateway's endpoint"
    assert gateway.get("/admin/rate-limits").json()["deezer"]["limit"] == 50


def test_history_shows_what_was_done(gateway: httpx.Client, simulator: SimulatorHandle) -> None:
    search(gateway, "deezer")
    simulator.turn("deezer", error_rate=1.0, enforce_limit=False)
    for number in range(3):
        search(gateway, "deezer", f"Song {number}")
    result(control(gateway, "deezer", "force_open", endpoint="search"))
    result(control(gateway, "deezer", "close", endpoint="search"))

    def history() -> ProviderHistory | None:
        answer = gateway.get("/admin/providers/deezer/history", params={"minutes": 15})
        found = ProviderHistory.model_validate_json(answer.content)
        written = sum(point.calls for point in found.points) == 4 and found.intervals
        return found if written else None

    found = wait_for(history, "the history in Bronze")
    assert found is not None
    assert sum(point.failures for point in found.points) == 3
    (interval,) = found.intervals
    assert (interval.endpoint, interval.state) == ("search", BreakerState.OPEN)
    assert interval.end is not None
    assert interval.reason == f"forced open by ada@desk: {REASON}"
    every = gateway.get("/admin/history", params={"minutes": 15}).json()
    assert sum(point["calls"] for point in every["deezer"]["points"]) == 4
    assert sum(point["calls"] for point in every["spotify"]["points"]) == 0
    assert gateway.get("/admin/history", params={"minutes": 7}).status_code == 422


def test_the_last_minutes_traffic_is_in_the_live_state(
    gateway: httpx.Client, simulator: SimulatorHandle
) -> None:
    for _ in range(3):
        search(gateway, "deezer")
    simulator.turn("deezer", error_rate=1.0, enforce_limit=False)
    failed = search(gateway, "deezer", "Song").json()
    traffic = live(gateway).providers["deezer"].traffic
    assert traffic.outcomes == {"ok": 1, "failure": 1}
    assert (traffic.cache_hits, traffic.cache_misses) == (2, 2)
    assert traffic.p50_ms is not None
    assert traffic.last_error is not None
    assert (traffic.last_error.endpoint, traffic.last_error.response_id) == ("search", failed["response_id"])


def test_with_the_database_away_it_is_done_told_and_written_once_it_is_back(
    simulator: SimulatorHandle, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    settings = settings_for(simulator, musicdb, operations_db)
    with operations_db.connect(autocommit=True) as connection:
        connection.execute("ALTER SCHEMA breaker_control RENAME TO away")
        with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=20) as gateway:
            done = result(control(gateway, "deezer", "force_open"))
            assert done.circuit_breaker.state is BreakerState.OPEN
            assert done.audit_id is None
            assert "record of it waits" in done.detail
            assert search(gateway, "deezer").status_code == 503
            health = gateway.get("/health").json()
            assert health["status"] == "degraded"
            assert "UndefinedTable" in health["connections"]["operations"]
            assert gateway.get("/admin/circuit-breakers/audit").status_code == 503
            connection.execute("ALTER SCHEMA away RENAME TO breaker_control")
            (row,) = wait_for(lambda: audit(gateway), "the audit row")
            assert (row.action, row.author) == ("force_open", "ada@desk")
            assert gateway.get("/health").json()["connections"]["operations"] == "healthy"


def test_a_database_that_hangs_does_not_keep_the_operator_waiting(
    gateway: httpx.Client, operations_db: DatabaseAddress
) -> None:
    with operations_db.connect() as connection:
        connection.execute("LOCK TABLE breaker_control.audit IN ACCESS EXCLUSIVE MODE")
        done = result(control(gateway, "deezer", "force_open"))  # the client gives up after 5 s
        assert (done.audit_id, done.circuit_breaker.state) == (None, BreakerState.OPEN)
        assert "record of it waits" in done.detail
    (row,) = wait_for(lambda: audit(gateway), "the audit row")
    assert (row.action, row.author) == ("force_open", "ada@desk")


def test_without_a_database_a_forced_state_is_taken_all_the_same(simulator: SimulatorHandle) -> None:
    nowhere = DatabaseAddress("127.0.0.1", free_port(), "musicdb", "nobody")
    app = create_app(settings_for(simulator, nowhere, nowhere))
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as gateway:
        done = result(control(gateway, "deezer", "force_open"))
        assert (done.audit_id, done.circuit_breaker.state) == (None, BreakerState.OPEN)


def test_forced_states_outlive_the_gateway_and_expired_ones_do_not(
    simulator: SimulatorHandle, musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    settings = settings_for(simulator, musicdb, operations_db)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url) as gateway:
        result(control(gateway, "deezer", "force_open", minutes=60))
        result(control(gateway, "spotify", "disable", endpoint="search"))
        result(control(gateway, "discogs", "force_open"))
        result(control(gateway, "discogs", "close"))
        result(control(gateway, "itunes", "force_open"))
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(
            """UPDATE breaker_control.states SET since = now() - interval '2 hours',
               until = now() - interval '1 hour' WHERE provider = 'itunes'"""
        )
        connection.execute(
            """INSERT INTO breaker_control.states
               SELECT provider, 'of another release', control, author, reason, since, until, epoch
               FROM breaker_control.states WHERE provider = 'deezer' AND endpoint = 'host'"""
        )
    with serving(create_app(settings)) as url, httpx.Client(base_url=url) as gateway:

        def forced() -> dict[str, BreakerControl]:
            providers = live(gateway).providers
            found = {name: status.circuit_breaker.control.control for name, status in providers.items()}
            return found if BreakerControl.FORCED_OPEN in found.values() else {}

        controls = wait_for(forced, "the states from the database")
        assert controls["deezer"] is BreakerControl.FORCED_OPEN
        assert controls["discogs"] is BreakerControl.AUTOMATIC
        assert controls["itunes"] is BreakerControl.AUTOMATIC
        deezer = live(gateway).providers["deezer"].circuit_breaker
        assert (deezer.control.author, deezer.control.reason) == ("ada@desk", REASON)
        assert deezer.state is BreakerState.OPEN
        assert live(gateway).providers["spotify"].endpoints["search"].control.control == "disabled"
        assert search(gateway, "deezer").status_code == 503
    shown = "SELECT state, control, control_author FROM circuit_breaker_state WHERE provider = 'deezer'"
    with musicdb.connect() as music:  # the gateway has ended, so that all it had to record is there
        assert set(music.execute(shown)) == {("open", "forced_open", "ada@desk")}

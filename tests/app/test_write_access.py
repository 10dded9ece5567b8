"""Production is read-only until it is unlocked, whichever way it is reached."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.command_line import main
from app.composition import Composition
from app.settings_port import make_settings
from app.write_access import WriteAccess
from backend.clients.json_service import JsonService
from backend.contracts.access import ReadOnlyError
from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import ENRICHMENT, Environment, Ports, ProviderMode, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, ExitCode, RollbackOptions, RollbackScope
from backend.home import Home
from tests.fixtures.answering import answering

PRODUCTION = Environment(name="live", tier=Tier.PRODUCTION)
ANYTHING = TypeAdapter(dict[str, str])


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.profiles.mkdir(parents=True)
    (home.profiles / "live.toml").write_text("tier = 'production'\n")
    return home


@pytest.fixture
def asked() -> Iterator[tuple[int, list[str]]]:
    """A service's port, and what was asked of it."""
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length", 0)))
        seen.append(f"{handler.command} {handler.path}")
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"{}")

    with answering(answer) as port:
        yield port, seen


def test_an_unlocking_ends_by_itself_and_by_hand(home: Home) -> None:
    clock = Hand()
    access = WriteAccess(home, clock)
    assert access.state(PRODUCTION).read_only
    state = access.unlock(PRODUCTION, 30, " Release 2026.48 ")
    assert (state.until, state.reason) == (clock.now + timedelta(minutes=30), "Release 2026.48")
    clock.now += timedelta(minutes=29, seconds=59)
    access.guard(PRODUCTION)
    clock.now += timedelta(seconds=1)
    with pytest.raises(ReadOnlyError, match="live is production and read-only"):
        access.guard(PRODUCTION)
    access.unlock(PRODUCTION, 1, "once more")
    assert access.lock(PRODUCTION).read_only
    told = [json.loads(line) for line in (home.root / "state/access/audit.jsonl").read_text().splitlines()]
    assert [(each["what"], each["reason"]) for each in told] == [
        ("unlocked", "Release 2026.48"),
        ("unlocked", "once more"),
        ("locked", "once more"),
    ]
    assert all("@" in each["by"] for each in told)
    assert (home.root / "state/access").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"environment": "live", "protected": true, "until": "2999-01-01T00:00:00Z"}',
        '{"environment": "other", "protected": true, "until": "2026-11-23T15:10:00Z"}',
        '{"environment": "live", "protected": true, "until": "2026-11-23T15:10:00"}',
    ],
)
def test_a_file_that_is_damaged_foreign_or_without_a_near_end_unlocks_nothing(
    home: Home, content: str
) -> None:
    folder = home.root / "state" / "access"
    folder.mkdir(parents=True)
    (folder / "live.json").write_text(content)
    assert WriteAccess(home, Hand()).state(PRODUCTION).read_only


def test_reasons_and_minutes_are_asked_for(home: Home) -> None:
    access = WriteAccess(home)
    for minutes, reason in ((0, "release"), (241, "release"), (30, " a ")):
        with pytest.raises(OperatorError) as caught:
            access.unlock(PRODUCTION, minutes, reason)
        assert caught.value.exit_code == ExitCode.USAGE
    assert access.state(PRODUCTION).read_only
    with pytest.raises(OperatorError, match="never read-only"):
        access.unlock(Environment(name="stage", tier=Tier.STAGING), 30, "release")


def test_a_client_asks_nothing_that_changes_production(asked: tuple[int, list[str]], home: Home) -> None:
    port, seen = asked
    environment = PRODUCTION.model_copy(update={"ports": Ports(enrichment=port)})
    access = WriteAccess(home)
    for client in (
        JsonService(environment, ENRICHMENT),
        JsonService(environment, ENRICHMENT, guard=access.guard),
    ):
        with pytest.raises(ReadOnlyError):
            client.post("/change", ANYTHING)
        with pytest.raises(ReadOnlyError):
            client.put("/change", ANYTHING, {})
        client.get("/look", ANYTHING)
        client.post("/question", ANYTHING, {}, changes=False)
    assert seen == ["GET /look", "POST /question"] * 2
    access.unlock(environment, 5, "release")
    client.post("/change", ANYTHING)
    assert seen[-1] == "POST /change"


def _acts(parts: Composition) -> list[Callable[[], object]]:
    stack, runs = parts.stack(), parts.runs()
    track = EnrichRequest(track_id="t-1", artist_name="deadmau5", track_title="Strobe")
    return [
        lambda: stack.up("live"),
        lambda: stack.down("live"),
        lambda: stack.end_to_end("live", track),
        lambda: runs.start_deploy("live", DeployOptions()),
        lambda: runs.start_rollback("live", RollbackOptions(scope=RollbackScope.SERVICES)),
    ]


def test_where_providers_calls_go_is_not_changed_either(home: Home) -> None:
    settings = make_settings(home)
    with pytest.raises(ReadOnlyError):
        settings.set_provider_mode("live", "deezer", ProviderMode.SIMULATED)
    WriteAccess(home).unlock(PRODUCTION, 5, "release")
    settings.set_provider_mode("live", "deezer", ProviderMode.SIMULATED)


def test_every_act_of_window_and_command_line_is_refused(home: Home) -> None:
    parts = Composition(home)
    for act in _acts(parts):
        with pytest.raises(ReadOnlyError) as caught:
            act()
        assert caught.value.exit_code == ExitCode.REFUSED
    assert not (home.root / "environments").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["deploy", "--yes"],
        ["up"],
        ["down"],
        ["migrate"],
        ["smoke"],
        ["breakers", "close", "discogs", "--reason", "it is back"],
    ],
)
def test_commands_are_refused_and_say_how_to_unlock(
    home: Home, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([*words, "--environment", "live"]) == ExitCode.REFUSED
    told = capsys.readouterr().err
    assert "read-only now. Nothing was changed" in told
    assert "main.py access unlock --environment live" in told


def test_the_command_unlocks_shows_and_locks(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--environment", "live", "--json"]

    def told(*words: str) -> dict[str, object]:
        assert main(["access", *words, *where]) == 0
        event: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[0])
        return event

    assert told()["read_only"] is True
    unlocked = told("unlock", "--minutes", "5", "--reason", "Release 2026.48")
    assert (unlocked["read_only"], unlocked["reason"]) == (False, "Release 2026.48")
    assert told()["read_only"] is False
    assert main(["down", "--environment", "live"]) == 0, "nothing runs there, and nothing is stopped"
    assert "read-only" not in capsys.readouterr().err
    assert told("lock")["read_only"] is True

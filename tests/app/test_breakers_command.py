"""`main.py breakers`, as an operator types it, against a gateway."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.command_line import main
from backend.database.address import DatabaseAddress
from backend.secret_files import SecretFiles
from backend.services.api_gateway.app import create_app
from tests.backend.services.api_gateway.serving import TOKEN, settings_for
from tests.fixtures.provider_simulator import running_simulator, serving
from tests.fixtures.sandbox import Sandbox, new_sandbox


@pytest.fixture
def sandbox(tmp_path: Path, musicdb: DatabaseAddress, operations_db: DatabaseAddress) -> Iterator[Sandbox]:
    """A sandbox of which the gateway alone runs."""
    sandbox = new_sandbox(tmp_path)
    SecretFiles(sandbox.home.environment("sandbox").secrets).put("admin_token", TOKEN)
    with running_simulator() as simulator:
        app = create_app(settings_for(simulator, musicdb, operations_db))
        with serving(app) as url:
            sandbox.write_profile(f"[ports]\ngateway = {url.rsplit(':', 1)[1]}\n")
            yield sandbox
            app.state.end_streams()


@dataclass
class Console:
    """Commands run in this process; the program's own start is tested elsewhere."""

    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and errors of `main.py breakers WORDS`."""
        code = main(["breakers", *words])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err


@pytest.fixture
def console(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    monkeypatch.setenv("SONGNODES_HOME", str(sandbox.home.root))
    return Console(capsys)


def test_what_is_done_is_shown_and_every_ending_has_its_code(console: Console) -> None:
    code, listed, _ = console.run()
    assert (code, "deezer" in listed) == (0, True)
    code, forced, _ = console.run("force-open", "deezer", "--reason", "maintenance", "--minutes", "5")
    assert (code, "forced open by" in forced) == (0, True)
    shown, end = (json.loads(line) for line in console.run("--json")[1].splitlines())
    deezer = shown["providers"]["deezer"]["circuit_breaker"]
    assert (deezer["state"], deezer["control"]["reason"]) == ("open", "maintenance")
    assert end == {"event": "end", "exit_code": 0}
    code, refused, _ = console.run("probe", "deezer", "--reason", "is it back?")
    assert (code, "The test call ended with breaker open" in refused) == (1, True)
    assert console.run("close", "deezer", "--reason", "it is back")[0] == 0
    code, _, errors = console.run("probe", "deezer", "--reason", "to be sure")
    assert (code, errors) == (0, "")
    code, _, errors = console.run("close", "tidal", "--reason", "a mistake")
    assert (code, "no provider 'tidal'" in errors) == (64, True)
    code, _, errors = console.run("close", "deezer", "--reason", "x")
    assert (code, errors.strip()) == (64, "✗ reason: string should have at least 3 characters.")


def test_watching_follows_the_stream_until_stopped(sandbox: Sandbox) -> None:
    with sandbox.start("breakers", "--watch", "--json") as process:
        assert process.stdout is not None
        events = map(json.loads, process.stdout)
        assert next(events)["event"] == "providers"
        # From the stream, which a busy machine may keep silent for a while: then it is opened again.
        assert next(event for event in events if event["event"] != "stream_broken")["event"] == "providers"
        sandbox.command("breakers", "force-open", "deezer", "--reason", "maintenance")
        event = next(event for event in events if event["event"] == "transition")
        assert (event["provider"], event["to_state"]) == ("deezer", "open")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130


def test_without_a_gateway_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SONGNODES_HOME", str(new_sandbox(tmp_path).home.root))
    code, _, errors = Console(capsys).run()
    assert code == 1
    assert "does not answer" in errors
    assert "main.py up" in errors

"""`main.py breakers`, as an operator types it, against a gateway."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_done_is_shown_and_every_ending_has_its_code(sandbox: Sandbox) -> None:
    listed = sandbox.command("breakers")
    assert listed.returncode == 0
    assert "deezer" in listed.stdout
    forced = sandbox.command("breakers", "force-open", "deezer", "--reason", "maintenance", "--minutes", "5")
    assert forced.returncode == 0, forced.stderr
    assert "forced open by" in forced.stdout
    shown, end = events(sandbox.command("breakers", "--json").stdout)
    deezer = shown["providers"]["deezer"]["circuit_breaker"]
    assert (deezer["state"], deezer["control"]["reason"]) == ("open", "maintenance")
    assert end == {"event": "end", "exit_code": 0}
    refused = sandbox.command("breakers", "probe", "deezer", "--reason", "is it back?")
    assert refused.returncode == 1
    assert "The test call ended with breaker open" in refused.stdout
    assert sandbox.command("breakers", "close", "deezer", "--reason", "it is back").returncode == 0
    probed = sandbox.command("breakers", "probe", "deezer", "--reason", "to be sure")
    assert (probed.returncode, probed.stderr) == (0, "")
    unknown = sandbox.command("breakers", "close", "tidal", "--reason", "a mistake")
    assert unknown.returncode == 64
    assert "no provider 'tidal'" in unknown.stderr
    short = sandbox.command("breakers", "close", "deezer", "--reason", "x")
    assert (short.returncode, short.stderr.strip()) == (
        64,
        "✗ reason: string should have at least 3 characters.",
    )


def test_watching_follows_the_stream_until_stopped(sandbox: Sandbox) -> None:
    with sandbox.start("breakers", "--watch", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "providers"
        assert json.loads(process.stdout.readline())["event"] == "providers"
        sandbox.command("breakers", "force-open", "deezer", "--reason", "maintenance")
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "transition":
                break
        assert (event["provider"], event["to_state"]) == ("deezer", "open")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130


def test_without_a_gateway_it_says_what_to_do(tmp_path: Path) -> None:
    done = new_sandbox(tmp_path).command("breakers")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "main.py up" in done.stderr

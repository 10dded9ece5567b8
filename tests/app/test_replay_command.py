"""`main.py replay`, as an operator types it, against the enrichment service."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.command_line import main
from backend.database.address import DatabaseAddress
from backend.secret_files import SecretFiles
from backend.services.metadata_enrichment.app import create_app
from tests.backend.services.metadata_enrichment.replay.stored import store
from tests.backend.services.metadata_enrichment.replay.synthetic import tracks
from tests.backend.services.metadata_enrichment.serving import TOKEN, settings_for
from tests.fixtures.provider_simulator import serving
from tests.fixtures.sandbox import new_sandbox

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def replay(
    tmp_path: Path,
    musicdb: DatabaseAddress,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """`main.py replay WORDS` on a sandbox of which enrichment alone runs: exit code, output, errors."""
    sandbox = new_sandbox(tmp_path)
    SecretFiles(sandbox.home.environment("sandbox").secrets).put("admin_token", TOKEN)
    monkeypatch.setenv("SONGNODES_HOME", str(sandbox.home.root))
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["replay", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    with serving(create_app(settings_for(musicdb, "no_broker_here"))) as url:
        sandbox.write_profile(f"[ports]\nenrichment = {url.rsplit(':', 1)[1]}\n")
        yield run
    structlog.reset_defaults()


def events(printed: str, name: str) -> list[dict[str, Any]]:
    return [one for line in printed.splitlines() if (one := json.loads(line))["event"] == name]


def test_a_run_is_started_followed_shown_and_listed(replay: Run, musicdb: DatabaseAddress) -> None:
    with musicdb.connect() as connection:
        store(connection, tracks(10))
    refused = replay("run", "--reason", "a test", "--promote")
    assert (refused[0], "Add --yes" in refused[2]) == (4, True)
    code, printed, _ = replay("run", "--reason", "a test", "--promote", "--yes", "--json")
    run = events(printed, "replay")[-1]
    assert (code, run["status"], run["done_tracks"], run["promote"]) == (0, "completed", 10, True)
    assert run["promoted_tracks"] > 0
    code, printed, _ = replay("show", run["id"], "--values", "5", "--json")
    assert (code, len(events(printed, "difference"))) == (0, 5)
    shown = replay("show", run["id"])[1]
    assert f"Values that differ from Gold: {run['differing_values']};" in shown
    assert "tracks written to Gold." in shown
    assert "10 of 10 tracks" in replay("list")[1]
    again = events(replay("run", "--reason", "again", "--json")[1], "replay")[-1]
    assert again["differing_values"] == 0


def test_one_that_has_ended_is_not_cancelled_and_an_unknown_one_is_named(
    replay: Run, musicdb: DatabaseAddress
) -> None:
    with musicdb.connect() as connection:
        store(connection, tracks(2))
    words = ("--reason", "a test", "--field", "isrc", "--track", tracks(2)[1].track_id, "--version", "1")
    run = events(replay("run", *words, "--json")[1], "replay")[-1]
    assert run["total_tracks"] == 1
    assert "completed" in replay("cancel", run["id"])[1]
    code, _, told = replay("show", "00000000-0000-0000-0000-000000000001")
    assert (code, "no replay run" in told) == (64, True)
    code, _, told = replay("run", "--reason", "a test", "--field", "mood")
    assert (code, "no field mood" in told) == (64, True)
    assert replay("run", "--reason", "")[0] == 64


def test_before_the_first_run_there_is_nothing_to_list(replay: Run) -> None:
    assert "There was no replay on sandbox yet." in replay("list")[1]

"""`main.py dead-letters` over the sample port: what it says, and when it refuses."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.command_table import run_command
from backend.contracts.dead_letter_operations import OperationRequest
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from tests.gui.sample.dead_letters import SampleDeadLetters


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> SampleDeadLetters:
    port = SampleDeadLetters(lambda: datetime(2026, 11, 26, 12, 0, tzinfo=UTC))
    monkeypatch.setattr("app.composition.Composition.dead_letters", lambda _composition: port)
    return port


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], letters: SampleDeadLetters) -> Any:
    def call(*words: str) -> tuple[int, str]:
        code = run_command(["dead-letters", *words])
        return code, capsys.readouterr().out

    return call


def test_causes_with_what_explains_them(run: Any) -> None:
    code, out = run("causes")
    assert code == ExitCode.DONE
    assert "503 from discogs" in out
    assert "96% failed while discogs's breaker was open" in out


def test_the_list_says_how_many_there_are(run: Any) -> None:
    _, out = run("list", "--limit", "2")
    assert "Strobe" in out
    assert "2 of 214 shown." in out


def test_one_letter_with_failures_history_and_payload(run: Any) -> None:
    _, out = run("show", "letter-2")
    assert "3 failures" in out or "failures over" in out
    assert "replay by ada@desk-1" in out
    assert '"artist_name": "Age of Love"' in out


def test_a_meter_that_does_not_balance_fails(run: Any, letters: SampleDeadLetters) -> None:
    assert run("meter")[0] == ExitCode.DONE
    letters.lost = 2
    code, out = run("meter")
    assert code == ExitCode.FAILED
    assert "≠" in out


def test_nothing_is_done_without_saying_to_which(run: Any, letters: SampleDeadLetters) -> None:
    with pytest.raises(OperatorError, match="Say which letters") as caught:
        run("retry", "--reason", "r", "--yes")
    assert caught.value.exit_code == ExitCode.USAGE
    assert not letters.operations_made


def test_nothing_is_done_when_nobody_can_be_asked(run: Any, letters: SampleDeadLetters) -> None:
    with pytest.raises(OperatorError, match="nobody can be asked"):
        run("discard", "--all", "--reason", "r")
    assert not letters.operations_made


def test_a_dry_run_says_what_would_be_done(run: Any, letters: SampleDeadLetters) -> None:
    code, out = run("retry", "--cause", "c503", "--reason", "r", "--dry-run")
    assert code == ExitCode.DONE
    assert "201 of 201 letters" in out
    assert "calls to musicbrainz" in out
    assert not letters.operations_made


def test_a_retry_waits_for_the_decision_after_its_sample(run: Any, letters: SampleDeadLetters) -> None:
    code, out = run("retry", "--cause", "c503", "--reason", "back", "--canary", "20", "--yes")
    assert code == ExitCode.DONE
    assert "95% succeeded; of the rest 76% to 99% are expected to" in out
    assert "dead-letters accept op-1" in out
    request = next(what for name, what in letters.asked if name == "freeze")
    assert isinstance(request, OperationRequest)
    assert (request.reason, request.options.canary, request.selection.fingerprint) == ("back", 20, "c503")
    code, out = run("accept", "op-1")
    assert (code, "running" in out) == (ExitCode.DONE, True)


def test_a_discard_and_its_undo(run: Any, letters: SampleDeadLetters) -> None:
    assert run("discard", "--id", "letter-1", "--id", "letter-2", "--reason", "r", "--yes")[0] == 0
    assert letters.operations_made[0].selection.message_ids == ["letter-1", "letter-2"]
    assert run("undo", "op-1", "--reason", "too early")[0] == 0
    assert letters.operations_made[1].undoes == "op-1"


def test_a_note_stays(run: Any, letters: SampleDeadLetters) -> None:
    assert run("note", "c503", "key rotated", "--owner", "ada")[0] == 0
    assert (letters.notes["c503"].note, letters.notes["c503"].owner) == ("key rotated", "ada")


def test_json_is_an_event_a_line(run: Any) -> None:
    _, out = run("causes", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["cause"] * 3
    assert events[0]["open"] == 201

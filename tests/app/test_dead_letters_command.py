"""`main.py dead-letters` over the sample port: what it says, and when it refuses."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.command_table import run_command
from backend.contracts.dead_letter_operations import LetterEdit, OperationRequest
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
    _, out = run("show", "letter-32")
    assert "2 failures over 60 s" in out
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


def test_a_list_goes_on_where_the_one_before_ended(run: Any) -> None:
    _, out = run("list", "--limit", "2")
    cursor = out.splitlines()[-1].rsplit(" ", 1)[1]
    _, following = run("list", "--limit", "2", "--after", cursor)
    assert "letter-2" in following
    assert "letter-3" in following
    assert "letter-1 " not in following


def test_an_edit_keeps_the_bytes_of_a_file(run: Any, letters: SampleDeadLetters, tmp_path: Path) -> None:
    body = b'\xef\xbb\xbf{"release": 9007199254740993}\r\n\xff'
    (tmp_path / "payload.json").write_bytes(body)
    code, out = run("edit", "letter-1", str(tmp_path / "payload.json"), "--reason", "typo", "--retry")
    assert code == ExitCode.DONE
    assert "is kept" in out
    given = next(what for name, what in letters.asked if name == "edit")
    assert isinstance(given, LetterEdit)
    assert given.payload_base64 is not None
    assert base64.b64decode(given.payload_base64) == body
    assert (given.retry, given.version, given.payload_text) == (True, 3, None)


def test_a_file_that_is_not_there_changes_nothing(
    run: Any, letters: SampleDeadLetters, tmp_path: Path
) -> None:
    with pytest.raises(OperatorError, match="cannot be read") as caught:
        run("edit", "letter-1", str(tmp_path / "nothing"), "--reason", "typo")
    assert caught.value.exit_code == ExitCode.USAGE
    assert letters.asked == []


def test_the_pace_of_an_operation_is_changed(run: Any, letters: SampleDeadLetters) -> None:
    run("retry", "--cause", "c503", "--reason", "back", "--canary", "20", "--yes")
    assert run("pace", "op-1", "2.5")[0] == ExitCode.DONE
    assert letters.operations_made[0].options.per_second == 2.5


def test_what_sets_a_cause_apart(run: Any) -> None:
    _, out = run("contrast", "cempty")
    assert "100% against   0%  /artist_name is empty" in out

"""Faults of the surroundings, met through the commands: each is a sentence and never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import command_line
from app.command_line import main
from app.composition import SOURCE
from app.endings import INTERRUPTED, READER_GONE
from app.terminal import Terminal
from backend.database.backup_files import BadBackupError, check_file
from backend.database.sql_script import UnsafeScriptError
from backend.home import Home
from tests.fixtures.sandbox import new_sandbox

_NOWHERE = "/proc/nowhere/songnodes"
"""A folder that nobody can make, the superuser included."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path / "home"))
    return new_sandbox(tmp_path / "home").home


@pytest.mark.parametrize("words", [["deploy", "--yes"], ["up"], ["migrate"]])
def test_a_home_that_cannot_be_made_is_refused(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SONGNODES_HOME", _NOWHERE)
    assert main(words) == 4
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "SONGNODES_HOME" in said


def test_a_profile_that_is_not_text_is_named(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    (home.profiles / "sandbox.toml").write_bytes(b"tier = '\xff'")
    assert main(["deploy", "--yes"]) == 4
    said = capsys.readouterr().err
    assert "not UTF-8" in said
    assert "sandbox.toml" in said


@pytest.mark.parametrize("words", [["runs"], ["status"], ["deploy", "--yes"]])
def test_a_damaged_journal_is_named(home: Home, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    home.journal.parent.mkdir(parents=True)
    home.journal.write_bytes(b"this is no database " * 500)
    assert main(words) == 4
    said = capsys.readouterr().err
    assert "journal.db cannot be read" in said
    assert "move it" in said


@pytest.mark.parametrize("text", ['{"api-gate', "[]", '{"api-gateway": {"release": "r1"}}', "\udcff"])
def test_a_damaged_list_of_deployed_services_is_named(
    home: Home, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home.environment("sandbox").root / "deployed.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert main(["status"]) == 4
    assert "deployed.json cannot be read" in capsys.readouterr().err


def test_the_end_of_the_input_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_more() -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nothing_more)
    assert not Terminal(as_json=False).confirm("Deploy?", "yes")


def test_an_unforeseen_error_is_one_sentence_and_its_traceback_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_words: object) -> int:
        raise RuntimeError("sentinel")

    monkeypatch.setattr(command_line, "_run_command", broken)
    assert main(["status", "--json"]) == 1
    error, end = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kept = home.root / "state" / "last_error.log"
    assert "RuntimeError: sentinel" in error["message"]
    assert str(kept) in error["remedy"]
    assert end == {"event": "end", "exit_code": 1}
    assert "Traceback" in kept.read_text()
    monkeypatch.setenv("SONGNODES_HOME", _NOWHERE)
    assert main(["status"]) == 1
    assert "could not be kept" in capsys.readouterr().err


def test_ctrl_c_is_an_event(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_run_command", interrupted)
    assert main(["migrate", "--json"]) == INTERRUPTED
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"event": "end", "exit_code": INTERRUPTED}


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_goes_away_ends_the_command_quietly(home: Home, form: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, str(SOURCE / "main.py"), "deploy", "--dry-run", *form],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SONGNODES_HOME": str(home.root)},
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (READER_GONE, "")


@pytest.mark.parametrize("content", [None, b"", b"PGDMP cut", b"\x1f\x8bcut", b"SELECT 1;\n"])
def test_a_bad_backup_is_refused_with_its_exit_code(
    home: Home, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home.root / "bad.dump"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises((BadBackupError, UnsafeScriptError)) as caught:
        check_file(file)
    assert caught.value.exit_code == 4
    assert main(["rollback", "--to-backup", str(file), "--yes"]) == 4
    assert "Nothing was changed" in capsys.readouterr().err


def test_a_folder_is_no_backup(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", "--to-backup", str(home.root), "--yes"]) == 4
    assert "cannot be read" in capsys.readouterr().err

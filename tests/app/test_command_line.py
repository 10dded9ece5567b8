import json
from pathlib import Path

import pytest

from app.command_line import main
from tests.conftest import MIGRATIONS
from tests.fixtures.sandbox import new_sandbox

_MIGRATIONS = sum(1 for folder in (MIGRATIONS / "medallion").iterdir() if folder.is_dir())


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def _own_ports(_home: Path) -> None:
    """Ports on which nothing of this machine listens."""
    new_sandbox(_home)


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--bogus"]) == 64
    assert "--bogus" in capsys.readouterr().err


def test_options_that_exclude_each_other_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", "--db-only", "--services-only", "--yes"]) == 64
    assert "exclude each other" in capsys.readouterr().err
    assert main(["rollback", "--services-only", "--to-backup", "x.dump", "--yes"]) == 64
    assert main(["deploy", "--watch", "9999", "--dry-run"]) == 64


def test_nothing_starts_without_a_yes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["deploy"]) == 4
    assert "--yes" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_the_dry_run_prints_ten_steps_with_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--dry-run", "--skip-tests", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out.splitlines()[0])
    assert [step["number"] for step in plan["steps"]] == list(range(1, 11))
    assert all(step["commands"] for step in plan["steps"])
    skipped = {step["key"] for step in plan["steps"] if step["skipped"]}
    assert skipped == {"smoke", "watch"}


def _events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_errors_are_json_when_json_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "show", "nothing", "--json"]) == 64
    error, end = _events(capsys)
    assert error["event"] == "error"
    assert error["remedy"]
    assert end == {"event": "end", "exit_code": 64}


def test_a_usage_error_is_json_when_json_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--bogus", "--json"]) == 64
    error, end = _events(capsys)
    assert (error["event"], error["exit_code"]) == ("error", 64)
    assert "--bogus" in str(error["message"])
    assert end["exit_code"] == 64


@pytest.mark.usefixtures("_own_ports")
def test_migrations_are_listed_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--dry-run"]) == 0
    assert capsys.readouterr().out.count("would apply") == _MIGRATIONS


@pytest.mark.usefixtures("_own_ports")
def test_pending_migrations_are_one_json_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--dry-run", "--json"]) == 0
    found, end = _events(capsys)
    pending = found["pending"]
    assert isinstance(pending, list)
    assert len(pending) == _MIGRATIONS
    assert end == {"event": "end", "exit_code": 0}

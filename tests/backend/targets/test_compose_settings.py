"""The stack's `.env`: what the profile decides, what stays its owner's."""

from pathlib import Path

import pytest

from backend.contracts.environment import ComposeSettings, Environment, Ports, TargetKind
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.targets.compose.settings import StackSettings

_SCRIPT = '#!/usr/bin/env bash\nmkdir -p "$1" && printf token >"$1/admin_token" && echo made\n'


def _environment(name: str = "staging") -> Environment:
    compose = ComposeSettings(project="music", simulated=True)
    return Environment(name=name, kind=TargetKind.COMPOSE, compose=compose, ports=Ports(gateway=9022))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "create_secrets.sh").write_text(_SCRIPT)
    (tmp_path / ".env.example").write_text(
        "# Ports\nGATEWAY_PORT=8022\n\nLOG_LEVEL=info\nENVIRONMENT_NAME=compose\n"
    )
    return tmp_path


def _ensure(environment: Environment, folder: Path) -> list[str]:
    said: list[str] = []
    StackSettings(environment, folder).ensure(lambda _source, text: said.append(text))
    return said


def test_a_missing_file_is_begun_from_the_example(folder: Path) -> None:
    said = _ensure(_environment(), folder)
    text = (folder / ".env").read_text()
    assert text.startswith("# Ports\nGATEWAY_PORT=9022\n\nLOG_LEVEL=info\nENVIRONMENT_NAME=staging\n")
    assert "COMPOSE_PROJECT_NAME=music" in text
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    assert "made" in said
    assert StackSettings(_environment(), folder).secrets().get("admin_token") == "token"


def test_what_its_owner_wrote_stays(folder: Path) -> None:
    (folder / ".env").write_text("LOG_LEVEL=debug # loud\nexport MINE='a b'\nGATEWAY_PORT=1\n")
    _ensure(_environment(), folder)
    lines = (folder / ".env").read_text().splitlines()
    assert lines[:3] == ["LOG_LEVEL=debug # loud", "export MINE='a b'", "GATEWAY_PORT=9022"]


def test_nothing_is_written_when_all_is_as_wanted(folder: Path) -> None:
    _ensure(_environment(), folder)
    before = (folder / ".env").stat().st_mtime_ns
    assert not [text for text in _ensure(_environment(), folder) if "profile" in text]
    assert (folder / ".env").stat().st_mtime_ns == before


def test_the_file_of_another_environment_is_left_alone(folder: Path) -> None:
    _ensure(_environment("staging"), folder)
    before = (folder / ".env").read_text()
    with pytest.raises(OperatorError, match="belongs to the environment staging") as raised:
        _ensure(_environment("production"), folder)
    assert raised.value.exit_code == ExitCode.REFUSED
    assert (folder / ".env").read_text() == before


def test_secrets_that_cannot_be_made_are_told(folder: Path) -> None:
    (folder / "scripts" / "create_secrets.sh").write_text("echo 'no space' >&2; exit 1\n")
    with pytest.raises(OperatorError, match="no space") as raised:
        _ensure(_environment(), folder)
    assert raised.value.exit_code == ExitCode.REFUSED

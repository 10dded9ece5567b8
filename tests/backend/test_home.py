from pathlib import Path

import pytest

from backend.home import Home


def test_looking_at_places_creates_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.environment("sandbox").backups.parts[-2:] == ("backups", "database")
    assert home.run_folder("x").name == "x"
    assert not (tmp_path / "home").exists()


def test_home_comes_from_the_process_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path / "there"))
    assert Home.from_process_environment().root == tmp_path / "there"

import stat
from pathlib import Path

import pytest

from backend.home import Home, make_private_folder


def test_looking_at_places_creates_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.environment("sandbox").backups.parts[-2:] == ("backups", "database")
    assert home.run_folder("x").name == "x"
    assert not (tmp_path / "home").exists()


def test_home_comes_from_the_process_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path / "there"))
    assert Home.from_process_environment().root == tmp_path / "there"


def test_a_private_folder_and_the_folders_made_for_it_are_closed_to_others(tmp_path: Path) -> None:
    made = make_private_folder(tmp_path / "a" / "b" / "c")
    assert [stat.S_IMODE(f.stat().st_mode) for f in (made, made.parent, made.parent.parent)] == [0o700] * 3
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o755)
    make_private_folder(open_folder / "inside")
    assert stat.S_IMODE(open_folder.stat().st_mode) == 0o755
    assert make_private_folder(made) == made

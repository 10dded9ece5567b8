"""The pictures are the same whenever they are drawn."""

from pathlib import Path

from PySide6.QtWidgets import QApplication

from tests.gui.render_screens import render
from views.theme.theme import Theme


def test_two_runs_give_the_same_pictures(qapp: QApplication, theme: Theme, tmp_path: Path) -> None:
    first = render(tmp_path / "first", ["overview-failing"])
    second = render(tmp_path / "second", ["overview-failing"])
    theme.choose("dark")
    assert [path.name for path in first] == [
        "overview-failing-dark-1440x900.png",
        "overview-failing-dark-1024x768.png",
        "overview-failing-light-1440x900.png",
        "overview-failing-light-1024x768.png",
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name

"""Draws every screen into PNG files: `python -m tests.gui.render_screens OUT [NAME …]`.

Offscreen, with a stopped clock and sample data, so that two runs give the same pictures.
"""

# ruff: noqa: E402 - the platform has to be chosen before Qt is imported

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["TZ"] = "UTC"
time.tzset()

from PySide6.QtCore import QMessageLogContext, QSize, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from tests.gui.sample.stage import Stage
from tests.gui.scenes import SCENES, Scene
from views.theme.theme import Theme

SIZES = (QSize(1440, 900), QSize(1024, 768))


def _pass_on(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    """The offscreen platform cannot hand size hints to a window manager and says so for every window."""
    if "propagateSizeHints" not in message:
        sys.stderr.write(f"{message}\n")


def render(out: Path, names: Sequence[str] = ()) -> list[Path]:
    """Draw the scenes called `names`, or all; the files written."""
    application = QApplication.instance() or QApplication(["render"])
    assert isinstance(application, QApplication)
    application.setCursorFlashTime(0)
    theme = Theme(application, application)
    theme.install("dark")
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for choice in ("dark", "light"):
        theme.choose(choice)
        for scene in SCENES:
            if not names or scene.name in names:
                written += [_draw(scene, theme, size, out) for size in SIZES]
    return written


def _draw(scene: Scene, theme: Theme, size: QSize, out: Path) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(theme, Path(folder), scene.environment)
        scene.prepare(stage)
        window = stage.open(size)
        scene.play(stage)
        for _ in range(4):
            QApplication.processEvents()
        path = out / f"{scene.name}-{theme.tokens.name}-{size.width()}x{size.height()}.png"
        if not window.grab().save(str(path)):
            raise OSError(f"{path} cannot be written")
        stage.close()
    return path


def main() -> int:
    """Entry point."""
    if len(sys.argv) < 2:
        sys.stderr.write("usage: python -m tests.gui.render_screens OUT [NAME …]\n")
        return 64
    qInstallMessageHandler(_pass_on)
    written = render(Path(sys.argv[1]), sys.argv[2:])
    sys.stdout.write(f"{len(written)} pictures in {sys.argv[1]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

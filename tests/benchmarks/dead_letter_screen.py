"""Scrolling a million dead letters, offscreen: limits 16.7 ms a frame at the 95th percentile, 100 ms at most.

Also how long picking all of them takes (limit 50 ms), and the memory that the rows hold (limit 64 MB).
"""

import os
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from statistics import quantiles

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from views.theme.theme import Theme

LETTERS, FRAMES = 1_000_000, 1200


def main() -> None:
    """Open the screen over a million letters and scroll through all of them."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme = Theme(application, application)
    theme.install("dark")
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(theme, Path(folder), "sandbox")
        stage.stack.current = stacks.healthy
        stage.dead_letters.letters = LETTERS
        stage.open()
        stage.window.router.run("dead-letters.open")
        _scroll(stage)
        _pick(stage)
        _hold(stage)
        stage.close()


def _scroll(stage: Stage) -> None:
    table = stage.window.dead_letters.table
    bar = table.verticalScrollBar()
    taken = []
    for frame in range(FRAMES):
        # By lines for a while, then far away, as a hand on the bar does.
        place = frame * 3 if frame % 100 < 80 else bar.maximum() * frame // FRAMES
        started = time.perf_counter()
        bar.setValue(place)
        table.viewport().repaint()
        QApplication.processEvents()
        taken.append((time.perf_counter() - started) * 1000)
    p95 = quantiles(taken, n=20)[-1]
    _tell("frame, p95", p95, 16.7, "ms")
    _tell("frame, slowest", max(taken), 100, "ms")


def _pick(stage: Stage) -> None:
    model = stage.console.dead_letters.table
    started = time.perf_counter()
    model.pick_all(picked=True)
    QApplication.processEvents()
    _tell(f"picking all {model.picked_count:,}", (time.perf_counter() - started) * 1000, 50, "ms")


def _hold(stage: Stage) -> None:
    tracemalloc.start()
    model = stage.console.dead_letters.table
    for place in range(0, LETTERS, LETTERS // 100):
        model.row_at(place)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    _tell(f"memory of {model.held():,} rows held", held / 1e6, 64, "MB")


def _tell(name: str, figure: float, limit: float, unit: str) -> None:
    sys.stdout.write(f"{name}: {figure:.1f} {unit}, limit {limit:g} {unit}, ratio {figure / limit:.2f}\n")


if __name__ == "__main__":
    main()

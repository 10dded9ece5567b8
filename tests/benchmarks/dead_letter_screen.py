"""A million dead letters on the screen, offscreen.

Limits: 300 ms until the first row is painted (the service answers at once here); 16.7 ms a frame while
scrolling at the 95th percentile, 100 ms at most; 50 ms without an answer to the keyboard while 5,000 letters
a second come in, and the row in focus stays where it is; 50 ms to pick all; 64 MB for the rows held.
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
ARRIVE_SECONDS, ARRIVE_EACH, ARRIVE_HERTZ = 10, 1250, 4


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
        _open(stage)
        _scroll(stage)
        _arrive(stage)
        _pick(stage)
        _hold(stage)
        stage.close()


def _open(stage: Stage) -> None:
    started = time.perf_counter()
    stage.window.router.run("dead-letters.open")
    stage.window.dead_letters.table.viewport().repaint()
    _tell("first row painted", (time.perf_counter() - started) * 1000, 300, "ms")


def _arrive(stage: Stage) -> None:
    """New letters come in as the live stream tells of them; the longest time in which no key is answered."""
    screen = stage.window.dead_letters
    screen.table.setCurrentIndex(stage.console.dead_letters.table.index(7, 1))
    slowest, due, ends = 0.0, time.perf_counter(), time.perf_counter() + ARRIVE_SECONDS
    while time.perf_counter() < ends:
        started = time.perf_counter()
        if started >= due:
            due += 1 / ARRIVE_HERTZ
            stage.dead_letters.letters += ARRIVE_EACH
            stage.background.streams[-1].push(stage.dead_letters.meter("sandbox"))
        QApplication.processEvents()
        slowest = max(slowest, time.perf_counter() - started)
        time.sleep(0.001)
    _tell("longest stall at 5,000 new letters/s", slowest * 1000, 50, "ms")
    place = screen.table.currentIndex().row()
    _tell("rows that the focus moved by", abs(place - 7), 1, "rows")
    sys.stdout.write(f"told meanwhile: {screen.news_button.text()}\n")


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

"""Drags sources of the waterfall with the mouse on a real X server: `python -m tests.gui.real_drag`.

Prints what came of it as JSON. A process of its own, because the platform is chosen before Qt is imported.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.sample import stack
from tests.gui.sample.stage import Stage
from tests.gui.waterfall_on_screen import draft_of, order
from views.theme.theme import Theme
from views.waterfall.step_layout import ROW_HEIGHT

_TICK_MS = 40
_NONE = Qt.KeyboardModifier.NoModifier


class Hand(QObject):
    """Moves the mouse from point to point and lets go at the last one, while the drag runs its own loop."""

    def __init__(self, stage: Stage, points: Sequence[QPoint]) -> None:
        super().__init__()
        self._viewport = stage.window.waterfall.sources.list.viewport()
        # The last one twice: the X server has to hear of it before the button is let go.
        self._points = [*points, points[-1]]
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    @Slot()
    def _go_on(self) -> None:
        point = self._points.pop(0)
        QTest.mouseMove(self._viewport, point)
        if not self._points:
            self._timer.stop()
            QTest.mouseRelease(self._viewport, Qt.MouseButton.LeftButton, _NONE, point)


def laid_out(stage: Stage) -> bool:
    """Whether all rows can be seen where they will stay."""
    steps, model = stage.window.waterfall.sources.list, stage.console.waterfall.steps
    last = steps.visualRect(model.index(model.rowCount() - 1))
    return last.height() == ROW_HEIGHT and steps.viewport().rect().contains(last)


def drag(stage: Stage, source: int, points: Sequence[QPoint]) -> None:
    """Press on a source, move over `points`, let go."""
    viewport = stage.window.waterfall.sources.list.viewport()
    start = middle(stage, source)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, _NONE, start)
    hand = Hand(stage, points)
    # The first move beyond the start distance begins the drag, which blocks until the hand lets go.
    QTest.mouseMove(viewport, start + QPoint(0, 6))
    QTest.mouseMove(viewport, start + QPoint(0, 24))
    QTest.qWait(_TICK_MS * (len(points) + 5))
    hand.deleteLater()


def middle(stage: Stage, place: int, share: float = 0.5) -> QPoint:
    """A point of a row, left of everything that can be pressed; `share` of its height from above."""
    steps = stage.window.waterfall.sources.list
    area = steps.visualRect(stage.console.waterfall.steps.index(place))
    return QPoint(area.left() + 14, area.top() + round(area.height() * share))


def main() -> int:
    """Entry point."""
    application = QApplication(["real-drag"])
    theme = Theme(application, application)
    theme.install("dark")
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(theme, Path(folder))
        stage.stack.current = stack.healthy
        stage.open()
        stage.window.router.run("waterfall.open")
        stage.console.waterfall.editor.select("label")
        QTest.qWaitForWindowExposed(stage.window)
        while not laid_out(stage):
            QTest.qWait(_TICK_MS)
        result = play(stage, application.platformName())
        stage.close()
    sys.stdout.write(json.dumps(result))
    return 0


def play(stage: Stage, platform: str) -> dict[str, object]:
    """Down below the last one, up above the first, outside of the list, and taken back."""
    steps = stage.window.waterfall.sources.list
    hovers: list[tuple[int, int]] = []

    def hover(place: int, target: int) -> None:
        hovers.append((place, target))

    steps.hovered.connect(hover)
    orders = [order(stage)]
    drag(stage, 0, [middle(stage, 1), middle(stage, 2), middle(stage, 4, 0.8)])
    orders.append(order(stage))
    selected = steps.current()
    previews = len(stage.waterfall.previews)
    drag(stage, 3, [middle(stage, 2), middle(stage, 0), middle(stage, 0, 0.2)])
    orders.append(order(stage))
    below = QPoint(20, steps.height() + 300)
    drag(stage, 1, [middle(stage, 2), below, below + QPoint(0, 2)])
    orders.append(order(stage))
    stage.console.waterfall.editor.undo()
    stage.console.waterfall.editor.undo()
    orders.append(order(stage))
    return {
        "platform": platform,
        "orders": orders,
        "hovers": hovers,
        "selected": selected.provider if selected is not None else None,
        "changed": list(draft_of(stage).changed),
        "previews": len(stage.waterfall.previews) - previews,
    }


if __name__ == "__main__":
    raise SystemExit(main())

"""Where one stands in a wizard: pages in order, done, current, ahead."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from views.widgets.base import GAP_L, add_shown, clear, label, one_pass, row


class Stepper(QWidget):
    """Words with a sign each: a tick for done, the number for current and ahead."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row(gap=GAP_L)
        self.setLayout(self._row)

    def show_route(self, titles: Sequence[str], current: int) -> None:
        """Show `titles` with the one at place `current` as current."""
        with one_pass(self._row):
            clear(self._row)
            for place, title in enumerate(titles):
                if place:
                    add_shown(self._row, label("›", "faint"))
                add_shown(self._row, _stop(title, place, current))
            self._row.addStretch(1)
        self.setAccessibleName(f"Page {current + 1} of {len(titles)}: {titles[current]}")


def _stop(title: str, place: int, current: int) -> QWidget:
    state = "done" if place < current else "current" if place == current else "ahead"
    sign = "✓" if state == "done" else str(place + 1)
    stop = label(f"{sign}  {title}")
    stop.setProperty("step", state)
    return stop

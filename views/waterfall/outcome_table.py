"""Figures before and after, changed in place so that a drag lays nothing out anew."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from controllers.waterfall_outcome import OutcomeLine
from views.widgets.base import label, line, restyle
from views.widgets.elided import ElidedLabel

_FIGURE = 56
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class OutcomeTable(QWidget):
    """A line a figure. Rows are made only when there are more of them than ever before."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(0, 1)
        self._rows: list[tuple[QLabel, QLabel, QLabel, QLabel, QWidget]] = []
        self._shown: tuple[OutcomeLine, ...] = ()
        self._heads = tuple(label("", "faint") for _ in range(4))
        for column, head in enumerate(self._heads):
            if column:
                head.setAlignment(_RIGHT)
                self._grid.setColumnMinimumWidth(column, _FIGURE)
            self._grid.addWidget(head, 0, column)
        self._grid.addWidget(line(), 1, 0, 1, 4)
        self.setLayout(self._grid)

    def show_lines(self, heads: tuple[str, str, str, str], lines: Sequence[OutcomeLine]) -> None:
        """Show `lines` in order below `heads`."""
        for head, text in zip(self._heads, heads, strict=True):
            head.setText(text)
        before, self._shown = self._shown, tuple(lines)
        for place, shown in enumerate(self._shown):
            if place >= len(self._rows):
                self._add()
            if place >= len(before) or shown != before[place]:
                self._fill(place, shown)
        for place, parts in enumerate(self._rows):
            for part in parts:
                part.setVisible(place < len(self._shown))

    def texts(self) -> dict[str, tuple[str, str, str]]:
        """What is shown, by name."""
        return {each.name: (each.before, each.after, each.delta) for each in self._shown}

    def _add(self) -> None:
        place = 2 * len(self._rows) + 2
        parts = (ElidedLabel(), label("", "muted"), label(), label(), line())
        for column, part in enumerate(parts[:4]):
            if column:
                part.setAlignment(_RIGHT)
            self._grid.addWidget(part, place, column)
        self._grid.addWidget(parts[4], place + 1, 0, 1, 4)
        self._rows.append(parts)

    def _fill(self, place: int, shown: OutcomeLine) -> None:
        name, before, after, delta, _ = self._rows[place]
        name.setText(f"{shown.name} · {shown.note}" if shown.note else shown.name)
        before.setText(shown.before)
        after.setText(shown.after)
        delta.setText(shown.delta)
        restyle(delta, tone=shown.tone)
        name.setAccessibleName(f"{shown.name}: before {shown.before}, draft {shown.after}, {shown.delta}")

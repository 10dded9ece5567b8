"""The head every screen has: title, state, a line of explanation, actions at the right."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from views.widgets.base import GAP_M, label, row
from views.widgets.pill import Pill

_NARROW = 1000


class PageHead(QWidget):
    """Title line of a screen. Where it is narrow the explanation moves below the title."""

    def __init__(self, title: str, explanation: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label(title, "title")
        self.pill = Pill()
        self.explanation = label(explanation, "muted")
        # It gives way first: title and actions are never cut.
        self.explanation.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._actions: QHBoxLayout = row(gap=GAP_M)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.addWidget(self.title, 0, 0)
        self._grid.addWidget(self.pill, 0, 1)
        self._grid.addLayout(self._actions, 0, 3)
        self._grid.setColumnStretch(2, 1)
        self.setLayout(self._grid)
        self._grid.setRowMinimumHeight(0, 36)
        self._below: bool | None = None
        self._place(below=False)

    def add(self, *widgets: QWidget) -> None:
        """Put actions at the right."""
        for widget in widgets:
            self._actions.addWidget(widget)

    def _place(self, *, below: bool) -> None:
        if below == self._below:
            return
        self._below = below
        self._grid.removeWidget(self.explanation)
        if below:
            self._grid.addWidget(self.explanation, 1, 0, 1, 4)
        else:
            self._grid.addWidget(self.explanation, 0, 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the explanation to where there is room."""
        self._place(below=event.size().width() < _NARROW)
        super().resizeEvent(event)

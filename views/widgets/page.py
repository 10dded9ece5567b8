"""The head every screen has: title, state, a line of explanation, actions at the right."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from views.widgets.base import GAP_M, label, row
from views.widgets.pill import Pill


class PageHead(QWidget):
    """Title line of a screen."""

    def __init__(self, title: str, explanation: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label(title, "title")
        self.pill = Pill()
        self.explanation = label(explanation, "muted")
        self._actions: QHBoxLayout = row(gap=GAP_M)
        layout = row(self.title, self.pill, self.explanation, None, self._actions, gap=12)
        self.setLayout(layout)
        self.setMinimumHeight(36)

    def add(self, *widgets: QWidget) -> None:
        """Put actions at the right."""
        for widget in widgets:
            self._actions.addWidget(widget)

"""What stands in place of a list that has nothing to show: what it is, why, and the one thing to do."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from controllers.marks import Mark
from views.theme.theme import Theme
from views.widgets.base import button, column, label, row
from views.widgets.state_icon import StateIcon


class EmptyState(QWidget):
    """Signals: `pressed` when the action was asked for."""

    pressed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = StateIcon(theme, "circle", "muted", 30)
        self.title = label("", "heading")
        self.explanation = label("", "muted", wrap=True)
        self.explanation.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.explanation.setMinimumWidth(440)
        self.button = button("", "primary")
        self.button.clicked.connect(self.pressed)
        lines = (
            row(None, self._icon, None),
            row(None, self.title, None),
            row(None, self.explanation, None),
            4,
            row(None, self.button, None),
        )
        self.setLayout(column(None, *lines, None, gap=10))

    def show_state(self, mark: Mark, title: str, explanation: str, action: str = "") -> None:
        """Say it; without an action there is no button."""
        self._icon.show_mark(mark)
        self.title.setText(title)
        self.explanation.setText(explanation)
        self.button.setText(action)
        self.button.setAccessibleName(action)
        self.button.setVisible(bool(action))

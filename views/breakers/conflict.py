"""Somebody else was first: what changed since the operator looked."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from controllers.breakers_control import Conflict
from controllers.breakers_words import conflict_lines, conflict_title
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.base import button, clear, column, label, row
from views.widgets.state_icon import StateIcon


class ConflictPanel(QFrame):
    """Hidden until there is a conflict.

    Signals: `look_again` when the operator wants to decide anew on the present state.
    """

    look_again = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self.setProperty("tone", "warn")
        self.title = label("", "strong", wrap=True)
        self._lines = QGridLayout()
        self._lines.setHorizontalSpacing(12)
        self._lines.setVerticalSpacing(3)
        self._lines.setColumnStretch(1, 1)
        self.again_button = button("Look again", name="conflict-look-again")
        self.again_button.clicked.connect(self.look_again)
        head = row(StateIcon(theme, "triangle-alert", "warn"), self.title, self.again_button)
        head.setStretch(1, 1)
        self.setLayout(column(head, self._lines, margin=(12, 9, 9, 10)))
        self.hide()

    def show_conflict(self, conflict: Conflict) -> None:
        """Say what changed."""
        text = conflict_title(conflict)
        self.title.setText(text)
        clear(self._lines)
        for place, (name, value) in enumerate(conflict_lines(conflict)):
            self._lines.addWidget(label(name, "muted"), place, 0)
            self._lines.addWidget(label(value, wrap=True), place, 1)
        self.show()
        announce(self, text)
        self.again_button.setFocus()

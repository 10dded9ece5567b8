"""The banner over a provider that an operator has forced into a state."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from views.theme.theme import Theme
from views.widgets.base import button, column, label, row
from views.widgets.state_icon import StateIcon


class ForcedBanner(QFrame):
    """Who, why, until when.

    Signals: `released` when the forced state is to end.
    """

    released = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self.setProperty("tone", "warn")
        self._who = label("", "strong", wrap=True)
        self._why = label("", wrap=True)
        self.release_button = button("Release…", name="breaker-release")
        self.release_button.clicked.connect(self.released)
        icon = StateIcon(theme, "lock", "warn")
        layout = row(icon, column(self._who, self._why, gap=2), self.release_button, margin=(12, 8, 8, 8))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.hide()

    @property
    def text(self) -> str:
        """What the banner says now."""
        return f"{self._who.text()}\n{self._why.text()}".strip()

    def show_words(self, who: str, why: str) -> None:
        """Say who forced it; nothing hides the banner."""
        self._who.setText(who)
        self._why.setText(why)
        self.setVisible(bool(who))

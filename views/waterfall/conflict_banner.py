"""The banner over the editor while somebody else's version stands between the draft and its base."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from controllers.waterfall_rebase import Rebase
from controllers.waterfall_words import conflict_sentence, conflict_title
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.base import button, column, label, row
from views.widgets.state_icon import StateIcon


class ConflictBanner(QFrame):
    """Hidden until there is a conflict; it stays until that is decided.

    Signals: `resolve_asked`.
    """

    resolve_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self.setProperty("tone", "warn")
        self._title = label("", "strong", wrap=True)
        self._words = label("", wrap=True)
        self._version = 0
        self.resolve_button = button("Look at both…", name="waterfall-resolve")
        self.resolve_button.clicked.connect(self.resolve_asked)
        texts = column(self._title, self._words, gap=3)
        layout = row(
            StateIcon(theme, "triangle-alert", "warn"), texts, self.resolve_button, margin=(12, 9, 9, 9)
        )
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.hide()

    @property
    def text(self) -> str:
        """What the banner says now."""
        return f"{self._title.text()}\n{self._words.text()}"

    def show_conflict(self, conflict: Rebase | None) -> None:
        """Say who came first and what they changed; without a conflict there is no banner."""
        self.setVisible(conflict is not None)
        if conflict is None:
            self._version = 0
            return
        self._title.setText(conflict_title(conflict.theirs))
        self._words.setText(conflict_sentence(conflict.their_changes, conflict.contested))
        if conflict.theirs.version != self._version:
            self._version = conflict.theirs.version
            announce(self, self.text)

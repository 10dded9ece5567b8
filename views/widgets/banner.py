"""An error next to its cause: what happened, what to do, and its details to copy."""

from datetime import UTC, datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Run
from controllers.details import error_details, run_details
from controllers.marks import Mark, Shape
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.base import button, column, label, restyle, row
from views.widgets.clipboard import copy
from views.widgets.state_icon import StateIcon

_ERROR = Mark(Shape.CROSS, "bad", "error")
_NOTE = Mark(Shape.WARNING, "warn", "note")


class Banner(QFrame):
    """Hidden until something is to be said; stays until it is dismissed or replaced.

    Signals: `dismissed` when the operator closes it.
    """

    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self.setProperty("tone", "bad")
        self._details = ""
        self._icon = StateIcon(theme, "x", "bad")
        self._message = label(role="strong", wrap=True)
        self._remedy = label(role="", wrap=True)
        self.copy_button = button("Copy details", "link")
        self.close_button = button("Dismiss", "link")
        self.copy_button.clicked.connect(self._copy)
        self.close_button.clicked.connect(self._dismiss)
        texts = column(self._message, self._remedy, gap=3)
        layout = row(self._icon, texts, self.copy_button, self.close_button, margin=(12, 9, 8, 9))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.hide()

    @property
    def text(self) -> str:
        """What the banner says now."""
        return f"{self._message.text()}\n{self._remedy.text()}".strip()

    def show_error(self, error: OperatorError, environment: str = "") -> None:
        """Say what went wrong and what to do."""
        self._details = error_details(error, environment, datetime.now(UTC))
        self._show(_ERROR, error.message, error.remedy)

    def show_note(self, message: str, remedy: str = "", details: str = "") -> None:
        """Say something that is a condition rather than an error."""
        self._details = details or f"{message}\n{remedy}".strip()
        self._show(_NOTE, message, remedy)

    def show_outcome(self, mark: Mark, message: str, run: Run) -> None:
        """Say how a run ended."""
        self._details = run_details(run)
        self._show(mark, message, "")

    def _show(self, mark: Mark, message: str, remedy: str) -> None:
        self._icon.show_mark(mark)
        restyle(self, tone=mark.tone)
        self._message.setText(message)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self.show()
        announce(self, self.text)

    @Slot()
    def _copy(self) -> None:
        copy(self._details)
        self.copy_button.setText("Copied")

    @Slot()
    def _dismiss(self) -> None:
        self.copy_button.setText("Copy details")
        self.hide()
        self.dismissed.emit()

"""One way to roll back: a radio button with its consequences below it."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QRadioButton, QWidget

from backend.contracts.runs import RollbackChoice
from controllers.wording import breakable, rough
from views.widgets.base import GAP_S, column, label, restyle


class ChoiceCard(QFrame):
    """Signals: `chosen` with the card when it becomes the choice."""

    chosen = Signal(object)

    def __init__(self, choice: RollbackChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "choice")
        self.choice = choice
        self.radio = QRadioButton(choice.title + (" · suggested" if choice.recommended else ""))
        self.radio.setAccessibleDescription(" ".join(_lines(choice)))
        # The cards are the group: radio buttons in different parents do not exclude one another.
        self.radio.setAutoExclusive(False)
        self.radio.toggled.connect(self._on_toggled)
        text = label(breakable("\n".join(_lines(choice))), "muted", wrap=True)
        self.setLayout(column(self.radio, text, None, gap=GAP_S, margin=(12, 10, 12, 10)))
        self.setEnabled(choice.available)

    def choose(self) -> None:
        """Make it the choice."""
        self.radio.setChecked(True)

    def release(self) -> None:
        """Another one is the choice."""
        self.radio.blockSignals(True)
        self.radio.setChecked(False)
        self.radio.blockSignals(False)
        restyle(self, chosen="false")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The whole card is the target."""
        self.radio.setFocus()
        self.choose()
        event.accept()

    def _on_toggled(self, checked: bool) -> None:
        if not checked:
            # A choice is left by taking another one, never by taking none.
            self.choose()
            return
        restyle(self, chosen="true")
        self.chosen.emit(self)


def _lines(choice: RollbackChoice) -> list[str]:
    if not choice.available:
        return [f"Not possible now: {choice.unavailable_reason}"]
    lines = list(choice.consequences)
    if choice.estimate_seconds is not None:
        lines.append(f"About {rough(choice.estimate_seconds)}.")
    return lines

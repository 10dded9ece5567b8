"""Typing the environment's name before something serious."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from views.widgets.base import label, row


class TypedName(QWidget):
    """Says yes once the name is typed exactly; when nothing has to be typed it is hidden and says yes.

    Signals: `changed` with whether it is confirmed.
    """

    changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._wanted = label("", "strong", tone="bad")
        self.edit = QLineEdit()
        self.edit.setObjectName("typed-name")
        self.edit.setMaximumWidth(190)
        self.edit.textChanged.connect(self._on_typed)
        self.setLayout(
            row(label("Type", "muted"), self._wanted, label("to confirm", "muted"), self.edit, gap=6)
        )

    def ask(self, name: str) -> None:
        """Ask for `name`; an empty name asks for nothing."""
        self._name = name
        self._wanted.setText(name)
        self.edit.clear()
        self.edit.setAccessibleName(f"Type {name} to confirm")
        self.setVisible(bool(name))
        self.changed.emit(self.confirmed)

    @property
    def confirmed(self) -> bool:
        """Whether what is asked for has been typed."""
        return self.edit.text() == self._name

    @Slot(str)
    def _on_typed(self, _text: str) -> None:
        self.changed.emit(self.confirmed)

"""Provider credentials: set or forgotten here, never shown."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from backend.contracts.provider_registry import REGISTRATIONS
from views.widgets.base import button, clear, column, label, row
from views.widgets.card import Card
from views.widgets.pill import Pill

_TITLES = {
    credential.name: f"{registration.title}: {credential.title}"
    for registration in REGISTRATIONS
    for credential in registration.credentials
}


class CredentialLine(QWidget):
    """One credential.

    Signals: `set_asked` with name and value; `forget_asked` with the name.
    """

    set_asked = Signal(str, str)
    forget_asked = Signal(str)

    def __init__(self, name: str, *, kept: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        title = label(_TITLES[name])
        title.setMinimumWidth(220)
        state = Pill()
        state.show_state("kept" if kept else "not set", "ok" if kept else "muted")
        state.setMinimumWidth(76)
        self.edit = QLineEdit()
        self.edit.setObjectName(f"credential-{name}")
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setPlaceholderText("Type a new value to replace it" if kept else "Paste the value")
        self.edit.setAccessibleName(_TITLES[name])
        self.set_button = button("Keep")
        self.set_button.setAccessibleName(f"Keep {_TITLES[name]}")
        self.set_button.setEnabled(False)
        self.forget_button = button("Forget", "danger")
        self.forget_button.setAccessibleName(f"Forget {_TITLES[name]}")
        self.forget_button.setVisible(kept)
        self.edit.textChanged.connect(self._on_edited)
        self.edit.returnPressed.connect(self._on_set)
        self.set_button.clicked.connect(self._on_set)
        self.forget_button.clicked.connect(self._on_forget)
        content = row(title, state, self.edit, self.set_button, self.forget_button)
        content.setStretch(2, 1)
        self.setLayout(content)

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.set_button.setEnabled(bool(text.strip()))

    @Slot()
    def _on_set(self) -> None:
        value = self.edit.text().strip()
        if value:
            self.edit.clear()
            self.set_asked.emit(self._name, value)

    @Slot()
    def _on_forget(self) -> None:
        self.forget_asked.emit(self._name)


class CredentialsCard(Card):
    """Signals: `set_asked` with name and value; `forget_asked` with the name."""

    set_asked = Signal(str, str)
    forget_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Credentials", parent=parent)
        self._store = label("", "muted", wrap=True)
        self._lines = column()
        self.body.addWidget(self._store)
        self.body.addLayout(self._lines)

    def show_credentials(self, credentials: Sequence[tuple[str, str, bool]], store: str) -> None:
        """Show which credentials are kept, and where."""
        self._store.setText(
            f"Needed for live providers only. Kept in {store}. A value is never shown again once it is kept."
        )
        clear(self._lines)
        for _provider, name, kept in credentials:
            entry = CredentialLine(name, kept=kept)
            entry.set_asked.connect(self.set_asked)
            entry.forget_asked.connect(self.forget_asked)
            self._lines.addWidget(entry)

"""What people know about a cause: owner and note. It stays when the cause comes back."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from backend.contracts.dead_letter_views import Cause
from controllers.wording import local_stamp
from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay


class NoteDialog(Overlay):
    """Signals: `kept` with note and owner."""

    kept = Signal(str, str)

    def __init__(self, cause: Cause, parent: QWidget) -> None:
        super().__init__(parent, width=560)
        self.owner = QLineEdit(cause.note.owner or "")
        self.owner.setAccessibleName("Owner")
        self.owner.setPlaceholderText("Owner: who looks after it")
        self.owner.setMaxLength(200)
        self.note = QPlainTextEdit(cause.note.note)
        self.note.setAccessibleName("Note")
        self.note.setPlaceholderText("What is known, what helped last time")
        self.note.setTabChangesFocus(True)
        self.note.setProperty("kind", "code")
        self.note.setMinimumHeight(140)
        self.cancel_button = button("Cancel", name="note-cancel")
        self.keep_button = button("Keep note", "primary", name="note-keep")
        self.body.addWidget(label(cause.title, "heading", wrap=True))
        self.body.addWidget(label(_before(cause), "muted", wrap=True))
        self.body.addWidget(self.owner)
        self.body.addWidget(self.note)
        self.body.addLayout(row(None, self.cancel_button, self.keep_button))
        self.cancel_button.clicked.connect(self.close_overlay)
        self.keep_button.clicked.connect(self._on_keep)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.note)

    @Slot()
    def _on_keep(self) -> None:
        self.kept.emit(self.note.toPlainText(), self.owner.text().strip())
        self.close_overlay()


def _before(cause: Cause) -> str:
    note, last = cause.note, cause.note.last_outcome
    parts = []
    if note.changed_by and note.changed_at is not None and note.version:
        parts.append(f"Last changed by {note.changed_by}, {local_stamp(note.changed_at)}.")
    if last:
        parts.append(
            f"Last time: {last.get('resolved', 0)} of {last.get('sent', 0)} succeeded "
            f"({last.get('kind', '')} by {last.get('author', '')})."
        )
    return " ".join(parts) or "It stays with this cause, also when it comes back."

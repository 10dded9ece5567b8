"""Edits the payload of one letter. The original stays; what is typed becomes a revision, byte for byte."""

import json

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from controllers.exact_text import ExactText
from views.theme.fonts import mono_font
from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay


class EditDialog(Overlay):
    """Signals: `edited` with payload, reason, and whether it is sent at once."""

    # An object: as a string of Qt's a payload would lose a leading byte order mark.
    edited = Signal(object, str, bool)

    def __init__(self, parent: QWidget, payload: str) -> None:
        super().__init__(parent, width=760)
        self._original, self._exact = payload, ExactText(payload)
        self.edit = QPlainTextEdit(self._exact.shown)
        self.edit.setProperty("kind", "code")
        self.edit.setFont(mono_font())
        self.edit.setAccessibleName("Payload")
        self.edit.setTabChangesFocus(True)
        self.edit.setMinimumHeight(320)
        self.hint = label("", "muted", wrap=True)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why? It is kept with your name.")
        self.reason.setMaxLength(2000)
        self.cancel_button = button("Cancel", name="edit-cancel")
        self.keep_button = button("Keep revision", name="edit-keep")
        self.retry_button = button("Keep and retry", "primary", name="edit-retry")
        self._arrange()
        self._wire()
        self._check()

    def _arrange(self) -> None:
        self.body.addWidget(label("Edit payload", "heading"))
        told = "The original stays as it is. What you type is kept as a revision, exactly as it stands here."
        if self._exact.legend:
            told = f"{told} In this text {self._exact.legend}."
        self.body.addWidget(label(told, "muted", wrap=True))
        for part in (self.edit, self.hint, self.reason):
            self.body.addWidget(part)
        self.body.addLayout(row(None, self.cancel_button, self.keep_button, self.retry_button))

    def _wire(self) -> None:
        self.edit.textChanged.connect(self._check)
        self.reason.textChanged.connect(self._check)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.keep_button.clicked.connect(self._on_keep)
        self.retry_button.clicked.connect(self._on_retry)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.edit)

    @property
    def text(self) -> str:
        """What is typed, to the character: `toPlainText()` would make spaces of no-break spaces."""
        return self._exact.read(self.edit.document().toRawText())

    @Slot()
    def _check(self) -> None:
        """Say whether it is JSON; text that is not may be meant all the same."""
        text = self.text
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            self.hint.setText(f"Not JSON: {error}. The enrichment service will refuse it.")
        else:
            self.hint.setText("Unchanged." if text == self._original else "Valid JSON.")
        ready = bool(self.reason.text().strip()) and text != self._original
        self.keep_button.setEnabled(ready)
        self.retry_button.setEnabled(ready)

    @Slot()
    def _on_keep(self) -> None:
        self._tell(retry=False)

    @Slot()
    def _on_retry(self) -> None:
        self._tell(retry=True)

    def _tell(self, *, retry: bool) -> None:
        self.edited.emit(self.text, self.reason.text().strip(), retry)
        self.close_overlay()

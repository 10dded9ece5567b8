"""Commands and payloads: fixed width, selectable, copied with one press."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from views.theme.fonts import mono_font
from views.widgets.base import button, row
from views.widgets.clipboard import copy


class CodeBlock(QWidget):
    """Read-only text with a Copy button. Grows with its lines up to `most_lines`."""

    def __init__(self, name: str, *, most_lines: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_lines = most_lines
        self.edit = QPlainTextEdit()
        self.edit.setProperty("kind", "code")
        self.edit.setReadOnly(True)
        self.edit.setTabChangesFocus(True)
        self.edit.setAccessibleName(name)
        self.edit.setFont(mono_font())
        self.copy_button = button("Copy", "link", tip=f"Copy: {name}")
        self.copy_button.setAccessibleName(f"Copy {name}")
        self.copy_button.clicked.connect(self._copy)
        self._back = QTimer(self, singleShot=True, interval=1500)
        self._back.timeout.connect(self._restore)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = row(self.edit, self.copy_button)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def show_text(self, text: str) -> None:
        """Show `text` from its first line."""
        if text == self.edit.toPlainText():
            return
        self.edit.setPlainText(text)
        lines = min(self._most_lines, max(1, text.count("\n") + 1))
        height = QFontMetrics(mono_font()).lineSpacing() * lines + 24
        self.edit.setFixedHeight(height)

    def text(self) -> str:
        """What is shown."""
        return self.edit.toPlainText()

    @Slot()
    def _copy(self) -> None:
        copy(self.edit.toPlainText())
        self.copy_button.setText("Copied")
        self._back.start()

    @Slot()
    def _restore(self) -> None:
        self.copy_button.setText("Copy")

"""Commands and payloads: fixed width, selectable, copied with one press."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from views.theme.fonts import mono_font
from views.widgets.base import button, column, row
from views.widgets.clipboard import copy

_FRAME = 20
"""Border, padding and document margin, above and below."""


class WrappedText(QPlainTextEdit):
    """Signals: `resized` after another width has wrapped the text into other lines."""

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell it once the document is laid out anew."""
        super().resizeEvent(event)
        self.resized.emit()


class CodeBlock(QWidget):
    """Read-only text with a Copy button. Grows with its lines, wrapped ones too, up to `most_lines`."""

    def __init__(self, name: str, *, most_lines: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_lines = most_lines
        self.edit = WrappedText()
        self.edit.setProperty("kind", "code")
        self.edit.setReadOnly(True)
        self.edit.setTabChangesFocus(True)
        self.edit.setAccessibleName(name)
        self.edit.setFont(mono_font())
        self.edit.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.copy_button = button("Copy", "link", tip=f"Copy {name}")
        self.copy_button.setAccessibleName(f"Copy {name}")
        self.copy_button.clicked.connect(self._copy)
        self.edit.resized.connect(self._fit)
        self._back = QTimer(self, singleShot=True, interval=1500)
        self._back.timeout.connect(self._restore)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = row(self.edit, column(self.copy_button, None))
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def show_text(self, text: str) -> None:
        """Show `text` from its first line."""
        if text != self.edit.toPlainText():
            self.edit.setPlainText(text)
            self._fit()

    def text(self) -> str:
        """What is shown."""
        return self.edit.toPlainText()

    @Slot()
    def _fit(self) -> None:
        # A plain-text document measures its height in lines, not in pixels.
        lines = max(1, round(self.edit.document().size().height()))
        shown = min(self._most_lines, lines)
        policy = Qt.ScrollBarPolicy
        self.edit.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if lines > shown else policy.ScrollBarAlwaysOff
        )
        self.edit.setFixedHeight(QFontMetrics(mono_font()).lineSpacing() * shown + _FRAME)

    @Slot()
    def _copy(self) -> None:
        copy(self.edit.toPlainText())
        self.copy_button.setText("Copied")
        self._back.start()

    @Slot()
    def _restore(self) -> None:
        self.copy_button.setText("Copy")

"""Shows what differs between two texts: a sign before each piece, and its ground coloured."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from controllers.dead_letters_diff import DiffLine, Side, differences
from views.theme.fonts import mono_font
from views.theme.theme import Theme

_MOST_LINES = 2000
_TONES = {Side.BEFORE: "bad", Side.AFTER: "ok"}


class DiffView(QPlainTextEdit):
    """Read only. `nothing` is said where both texts are the same."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: list[DiffLine] = []
        self.setProperty("kind", "code")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        self.setFont(mono_font())
        theme.changed.connect(self._colour)

    def show_difference(self, before: str, after: str, nothing: str = "Nothing differs.") -> None:
        """Compare and show."""
        self._lines = differences(before, after)[:_MOST_LINES]
        self.setPlainText("\n".join(f"{line.side.value} {line.text}" for line in self._lines) or nothing)
        self._colour()

    def say(self, text: str) -> None:
        """Words in place of a comparison."""
        self._lines = []
        self.setPlainText(text)
        self._colour()

    @Slot()
    def _colour(self) -> None:
        marked = []
        for place, line in enumerate(self._lines):
            if line.side in _TONES:
                marked.append(self._selection(place, self._theme.tokens.tint(_TONES[line.side])))
        self.setExtraSelections(marked)

    def _selection(self, place: int, colour: str) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document().findBlockByNumber(place))
        selection.cursor = cursor
        shape = selection.format
        shape.setBackground(QColor(colour))
        shape.setProperty(QTextFormat.Property.FullWidthSelection, True)
        selection.format = shape
        return selection

"""One field of a profile: its name, its editor, and beside it what is wrong."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from controllers.environments_rows import HINTS, title
from views.widgets.base import column, label, restyle, row

_LABEL_WIDTH = 142
_LINE_HEIGHT = 32


class FieldRow(QWidget):
    """Signals: `edited` with the field's name and its text, empty for the default."""

    edited = Signal(str, str)

    def __init__(
        self, field: str, choices: Sequence[str] = (), *, narrow: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field, self._choices = field, tuple(choices)
        self._title = label(title(field), "muted")
        self._title.setFixedSize(84 if narrow else _LABEL_WIDTH, _LINE_HEIGHT)
        self.problem = label("", wrap=True, tone="bad")
        self.problem.hide()
        self.editor: QLineEdit | QComboBox = QComboBox() if choices else QLineEdit()
        self.editor.setObjectName(f"field-{field}")
        self.editor.setAccessibleName(title(field))
        content = row(column(self._title, None, gap=0), column(self.editor, self.problem, gap=2), gap=10)
        content.setStretch(1, 1)
        self.setLayout(content)
        # Two of them fit beside one another where the window is narrow.
        self.editor.setMinimumWidth(60)
        if isinstance(self.editor, QComboBox):
            self.editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.editor.activated.connect(self._on_chosen)
        else:
            self.editor.setPlaceholderText(HINTS.get(field, ""))
            self.editor.textEdited.connect(self._on_typed)

    @property
    def text(self) -> str:
        """What the field says; empty for the default."""
        if isinstance(self.editor, QComboBox):
            return str(self.editor.currentData() or "")
        return self.editor.text()

    def show_text(self, text: str, default: str) -> None:
        """Show what the file says, and what holds when it says nothing."""
        with QSignalBlocker(self.editor):
            if isinstance(self.editor, QComboBox):
                self._fill(self.editor, text, default)
            elif self.editor.text() != text:
                self.editor.setText(text)
        if isinstance(self.editor, QLineEdit):
            hint = HINTS.get(self.field, "")
            self.editor.setPlaceholderText(
                f"{default} (default)" if default and not hint else hint or default
            )

    def show_problem(self, words: str) -> None:
        """Say what is wrong; empty when nothing is."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self.editor.setAccessibleDescription(words)
        restyle(self.editor, wrong="true" if words else "false")

    def _fill(self, box: QComboBox, text: str, default: str) -> None:
        box.clear()
        if self.field not in ("kind", "tier"):
            box.addItem(f"{_words(default)} (default)" if default else "as the kind has it", "")
        for choice in self._choices:
            box.addItem(_words(choice), choice)
        if text and text not in self._choices:
            box.addItem(f"{text}?", text)
        box.setCurrentIndex(max(0, box.findData(text or (default if self.field in ("kind", "tier") else ""))))

    @Slot(int)
    def _on_chosen(self, _place: int) -> None:
        self.edited.emit(self.field, self.text)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        self.edited.emit(self.field, text)


def _words(choice: str) -> str:
    return {"true": "on", "false": "off", "local": "local processes", "compose": "Docker Compose"}.get(
        choice, choice
    )

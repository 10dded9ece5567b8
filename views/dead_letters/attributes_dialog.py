"""Owner, note, priority and labels of one letter. They are no state: they change nothing about its way."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from backend.contracts.dead_letter_views import LetterDetail
from views.widgets.base import button, label, row
from views.widgets.number_box import set_up_number
from views.widgets.overlay import Overlay

_MOST_LABELS, _LONGEST_LABEL = 50, 100


class AttributesDialog(Overlay):
    """Signals: `kept` with owner, note, priority and a list of labels."""

    kept = Signal(str, str, int, object)

    def __init__(self, letter: LetterDetail, parent: QWidget) -> None:
        super().__init__(parent, width=560)
        self.owner = _line(letter.owner or "", "Owner", "Owner: who looks after it", 200)
        self.labels = _line(", ".join(letter.labels), "Labels", "Labels, with commas between", 5000)
        self.priority = QSpinBox()
        self.priority.setRange(-10, 10)
        self.priority.setValue(letter.priority)
        set_up_number(self.priority, "Priority, from -10 to 10", 86)
        self.note = QPlainTextEdit(letter.note)
        self.note.setAccessibleName("Note")
        self.note.setPlaceholderText("What is known about this letter")
        self.note.setTabChangesFocus(True)
        self.note.setProperty("kind", "code")
        self.note.setMinimumHeight(110)
        self.problem = label("", wrap=True, tone="bad")
        self.problem.hide()
        self.cancel_button = button("Cancel", name="attributes-cancel")
        self.keep_button = button("Keep", "primary", name="attributes-keep")
        self._arrange(letter)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.keep_button.clicked.connect(self._on_keep)
        self.labels.textChanged.connect(self._check)
        self.closed.connect(self.deleteLater)

    def _arrange(self, letter: LetterDetail) -> None:
        self.body.addWidget(label(letter.title or letter.message_id, "heading", wrap=True))
        told = (
            "For this letter alone. What is true of all that failed alike belongs into the note of its cause."
        )
        self.body.addWidget(label(told, "muted", wrap=True))
        line = row(label("Owner"), self.owner, label("Priority"), self.priority)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.body.addLayout(row(label("Labels"), self.labels))
        for part in (self.problem, self.note):
            self.body.addWidget(part)
        self.body.addLayout(row(None, self.cancel_button, self.keep_button))

    def ask(self) -> None:
        """Open it."""
        self.open(self.owner)

    @Slot()
    def _check(self) -> None:
        found = self._labels()
        problem = ""
        if len(found) > _MOST_LABELS:
            problem = f"{_MOST_LABELS} labels at most."
        elif any(len(one) > _LONGEST_LABEL for one in found):
            problem = f"A label has {_LONGEST_LABEL} characters at most."
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.keep_button.setEnabled(not problem)

    def _labels(self) -> list[str]:
        parts = (part.strip() for part in self.labels.text().split(","))
        return list(dict.fromkeys(part for part in parts if part))

    @Slot()
    def _on_keep(self) -> None:
        self.kept.emit(
            self.owner.text().strip(), self.note.toPlainText(), self.priority.value(), self._labels()
        )
        self.close_overlay()


def _line(text: str, name: str, hint: str, most: int) -> QLineEdit:
    line = QLineEdit(text)
    line.setAccessibleName(name)
    line.setPlaceholderText(hint)
    line.setMaxLength(most)
    return line

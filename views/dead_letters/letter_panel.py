"""One letter: why it failed each time, what was sent, what was done about it, and what can be done now."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QTabWidget, QWidget

from backend.contracts.dead_letter_operations import LetterCommand
from backend.contracts.dead_letter_views import LetterDetail
from backend.contracts.dead_letters import DeadLetterState
from controllers.dead_letters_lineage import lineage_text
from controllers.dead_letters_payload import editable_text, shown_payload, why_not_editable
from controllers.dead_letters_rows import attempt_rows, attribute_words, of_letter, superseded_words
from controllers.marks import Mark, Shape
from controllers.rows import RowsModel
from controllers.wording import plural, size
from views.dead_letters.revisions_view import RevisionsView
from views.theme.fonts import mono_font
from views.theme.theme import Theme
from views.widgets.base import GAP_M, GAP_S, button, column, holder, label, row
from views.widgets.card import Card
from views.widgets.clipboard import copy
from views.widgets.elided import ElidedLabel
from views.widgets.empty_state import EmptyState
from views.widgets.pill import Pill
from views.widgets.row_list import RowList

_WITHOUT_ATTEMPTS, _ATTEMPT_HEIGHT = 370, 49
S, C = DeadLetterState, LetterCommand
_NOTHING = Mark(Shape.WAITING, "faint", "nothing open")
_OPEN = frozenset({S.FAILED, S.QUARANTINED})
_ALLOWED = {
    C.RETRY: _OPEN,
    C.DISCARD: _OPEN,
    C.QUARANTINE: frozenset({S.FAILED}),
    C.RELEASE: frozenset({S.QUARANTINED}),
    C.UNDO: frozenset({S.DISCARDED}),
    C.GIVE_UP_WAITING: frozenset({S.IN_FLIGHT}),
    C.RESOLVE: frozenset({S.IN_FLIGHT}),
}
"""States in which a command can be given; elsewhere its button is not there."""
_VERBS = {
    C.RETRY: "Retry",
    C.DISCARD: "Discard…",
    C.QUARANTINE: "Quarantine…",
    C.RELEASE: "Release…",
    C.UNDO: "Undo discard…",
    C.GIVE_UP_WAITING: "Give up waiting…",
    C.RESOLVE: "Mark resolved…",
}


class LetterPanel(QWidget):
    """Signals: `commanded` with a LetterCommand; `edit_asked`; `attributes_asked`; `track_asked` with the
    id of a track.
    """

    commanded = Signal(object)
    edit_asked = Signal()
    attributes_asked = Signal()
    track_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter: LetterDetail | None = None
        self._theme = theme
        self.title = ElidedLabel("", "heading")
        self.state = Pill()
        self._attempts = RowsModel(self)
        self.attempts = RowList(theme, self._attempts, "Failures", picks=False)
        self.payload = _text("Payload")
        self.revisions = RevisionsView(theme)
        self.lineage = _text("Lineage: ids, failures, edits, acts and headers")
        self.stack = _text("Stack trace")
        self.facts = label("", "muted", wrap=True)
        self.notes = label("", wrap=True)
        self.superseded = label("", wrap=True, tone="info")
        self.notes_button = button("Notes…", "link", name="letter-notes", tip="Owner, labels, note (L)")
        self.trace_button = button("Copy trace id", "link", name="letter-trace")
        self.edit_button = button("Edit and retry…", name="letter-edit")
        self.track_button = button("Open track", "link", name="letter-track")
        self.buttons = {
            command: button(text, "primary" if command is C.RETRY else "", name=f"letter-{command.value}")
            for command, text in _VERBS.items()
        }
        self.tabs = QTabWidget()
        self.empty = EmptyState(theme)
        self._states = QStackedWidget()
        self._arrange()
        self._wire()
        self.clear()

    def _arrange(self) -> None:
        card, nothing = Card(), Card()
        nothing.body.addWidget(self.empty)
        head = row(self.title, self.state)
        head.setStretch(0, 1)
        tabs = self.tabs
        tabs.setDocumentMode(True)
        tabs.setAccessibleName("Parts of the letter")
        lineage = column(self.lineage, row(self.track_button, self.trace_button, None, gap=GAP_S), gap=GAP_S)
        parts = (
            ("Payload", self.payload),
            ("Changes", self.revisions),
            ("Lineage", holder(lineage)),
            ("Stack", self.stack),
        )
        for name, part in parts:
            tabs.addTab(part, name)
        serious = (C.DISCARD, C.QUARANTINE, C.RELEASE, C.UNDO, C.RESOLVE, C.GIVE_UP_WAITING)
        facts = row(self.facts, self.notes_button, gap=GAP_S)
        facts.setStretch(0, 1)
        first = row(self.buttons[C.RETRY], self.edit_button, None, gap=GAP_M)
        second = row(*(self.buttons[command] for command in serious), None, gap=GAP_M)
        content = column(head, facts, self.notes, self.superseded, self.attempts, tabs, first, second)
        content.setStretch(5, 1)
        card.body.addLayout(content)
        self._states.addWidget(nothing)
        self._states.addWidget(card)
        self.empty.explanation.setMinimumWidth(0)
        self.setLayout(column(self._states))

    def _wire(self) -> None:
        for command_button in self.buttons.values():
            command_button.clicked.connect(self._on_command)
        self.edit_button.clicked.connect(self.edit_asked)
        self.notes_button.clicked.connect(self.attributes_asked)
        self.track_button.clicked.connect(self._on_track)
        self.trace_button.clicked.connect(self._on_trace)

    def clear(self) -> None:
        """No letter is open."""
        self.letter = None
        self.empty.show_state(_NOTHING, "No letter is open", "Choose one in the table.")
        self._states.setCurrentIndex(0)

    def show_letter(self, letter: LetterDetail) -> None:
        """Show a letter as it is now."""
        self.letter = letter
        self.title.setText(letter.title or letter.message_id)
        mark = of_letter(letter.state, stale=letter.is_stale)
        self.state.show_state(mark.word, mark.tone)
        self.facts.setText(_facts(letter))
        self._attempts.replace(attempt_rows(letter.attempt_list))
        self._fit_attempts()
        self.payload.setPlainText(shown_payload(letter))
        self.revisions.show_letter(letter)
        self.lineage.setPlainText(lineage_text(letter))
        self._show_attributes(letter)
        self.stack.setPlainText(letter.attempt_list[-1].stack_trace or "–" if letter.attempt_list else "–")
        for command, command_button in self.buttons.items():
            command_button.setVisible(letter.state in _ALLOWED[command])
        self.edit_button.setVisible(letter.state in _OPEN and editable_text(letter) is not None)
        self.track_button.setVisible(bool(letter.track_id))
        self.trace_button.setVisible(bool(letter.trace_id))
        self._states.setCurrentIndex(1)

    def _fit_attempts(self) -> None:
        """As many failures at once as leave room for the payload; the others are scrolled to."""
        most = (self.height() - _WITHOUT_ATTEMPTS) // _ATTEMPT_HEIGHT
        self.attempts.fit(most=max(1, min(3, most)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fewer failures at once where it is low."""
        super().resizeEvent(event)
        self._fit_attempts()

    def _show_attributes(self, letter: LetterDetail) -> None:
        self.notes.setText(attribute_words(letter))
        self.notes.setVisible(bool(self.notes.text()))
        self.superseded.setText(superseded_words(letter))
        self.superseded.setVisible(bool(self.superseded.text()))

    def show_busy(self, *, busy: bool) -> None:
        """Nothing else can be asked while something is under way."""
        for command_button in (*self.buttons.values(), self.edit_button):
            command_button.setEnabled(not busy)

    @Slot()
    def _on_command(self) -> None:
        pressed = self.sender()
        for command, command_button in self.buttons.items():
            if command_button is pressed:
                self.commanded.emit(command)

    @Slot()
    def _on_track(self) -> None:
        if self.letter is not None and self.letter.track_id:
            self.track_asked.emit(self.letter.track_id)

    @Slot()
    def _on_trace(self) -> None:
        if self.letter is not None and self.letter.trace_id:
            copy(self.letter.trace_id)


def _text(name: str) -> QPlainTextEdit:
    edit = QPlainTextEdit()
    edit.setProperty("kind", "code")
    edit.setReadOnly(True)
    edit.setTabChangesFocus(True)
    edit.setAccessibleName(name)
    edit.setFont(mono_font())
    edit.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return edit


def _facts(letter: LetterDetail) -> str:
    parts = [
        letter.artist or "",
        plural(letter.attempts, "failure"),
        size(letter.payload_bytes),
        f"revision {letter.revision}" if letter.revision else "",
        letter.reason,
        why_not_editable(letter),
    ]
    return " · ".join(part for part in parts if part)

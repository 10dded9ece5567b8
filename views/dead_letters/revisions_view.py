"""Compares two versions of a letter's payload: the original, which never changes, and its revisions."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QWidget

from backend.contracts.dead_letter_views import LetterDetail
from controllers.dead_letters_lineage import ORIGINAL, made_words, version_text, version_words
from views.dead_letters.diff_view import DiffView
from views.theme.theme import Theme
from views.widgets.base import GAP_S, column, label, row

_LONGEST = 200_000


class RevisionsView(QWidget):
    """Two versions to choose, and what differs between them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letter: LetterDetail | None = None
        self.before, self.after = _choice("Compare from"), _choice("Compare to")
        self.reason = label("", "muted", wrap=True)
        self.diff = DiffView(theme, "What differs between the two versions")
        self._choices = (self.before, self.after)
        self._arrow = label("→", "muted")
        choices = row(self.before, self._arrow, self.after, gap=GAP_S)
        choices.setStretch(0, 1)
        choices.setStretch(2, 1)
        layout = column(choices, self.reason, self.diff, gap=GAP_S)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        for choice in self._choices:
            choice.currentIndexChanged.connect(self._on_choice)

    def show_letter(self, letter: LetterDetail) -> None:
        """Show what will be sent next against the original."""
        self._letter = letter
        words = version_words(letter)
        last = letter.revision if letter.revision is not None else words[-1][0]
        for choice, wanted in ((self.before, ORIGINAL), (self.after, last)):
            choice.blockSignals(True)
            choice.clear()
            for number, text in words:
                choice.addItem(text, number)
            choice.setCurrentIndex(choice.findData(wanted))
            choice.blockSignals(False)
            choice.setVisible(len(words) > 1)
        self._arrow.setVisible(len(words) > 1)
        self._on_choice()

    @Slot()
    def _on_choice(self) -> None:
        letter = self._letter
        if letter is None:
            return
        if not letter.revisions:
            self._say("It was never edited: what is sent is the original.")
            return
        texts = [version_text(letter, choice.currentData()) for choice in self._choices]
        if texts[0] is None or texts[1] is None:
            self._say("The bytes of one of them were purged.")
        elif max(len(text) for text in texts if text is not None) > _LONGEST:
            self._say("Too long to compare here.")
        else:
            self.reason.setText(made_words(letter, self.after.currentData()))
            self.reason.show()
            self.diff.show_difference(texts[0], texts[1], "Both are the same, byte for byte.")

    def _say(self, text: str) -> None:
        self.reason.hide()
        self.diff.say(text)


def _choice(name: str) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(name)
    choice.setMinimumContentsLength(8)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return choice

"""What a dry run of a patch says: how many apply, fail or stay, why, and examples to the byte."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.dead_letter_operations import PatchTrial
from controllers.dead_letters_patch import failure_words, trial_words
from views.dead_letters.diff_view import DiffView
from views.theme.theme import Theme
from views.widgets.base import button, column, label, row
from views.widgets.pill import Pill


class PatchTrialView(QWidget):
    """Three counts, reasons, and one example after another."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trial: PatchTrial | None = None
        self._place = 0
        self.pills = (Pill(), Pill(), Pill())
        self.failures = label("", wrap=True, tone="bad")
        self.example = label("", "muted")
        self.earlier_button = button("Previous", "link", name="patch-earlier")
        self.later_button = button("Next", "link", name="patch-later")
        self.diff = DiffView(theme, "Example before and after the patch")
        self.diff.setMinimumHeight(120)
        line = row(*self.pills, None, self.example, self.earlier_button, self.later_button)
        layout = column(line, self.failures, self.diff)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.earlier_button.clicked.connect(self._on_earlier)
        self.later_button.clicked.connect(self._on_later)
        self.say("Counting…")

    def say(self, text: str) -> None:
        """Words in place of a result."""
        self._trial = None
        for pill in self.pills:
            pill.show_state("", "muted")
        for part in (self.failures, self.example, self.earlier_button, self.later_button):
            part.hide()
        self.diff.say(text)

    def show_trial(self, trial: PatchTrial) -> None:
        """Show a result with its first example."""
        self._trial, self._place = trial, 0
        for pill, (words, tone) in zip(self.pills, trial_words(trial), strict=True):
            pill.show_state(words, tone)
        self.failures.setText(failure_words(trial))
        self.failures.setVisible(bool(trial.failures))
        for part in (self.example, self.earlier_button, self.later_button):
            part.setVisible(bool(trial.samples))
        self._show_example()

    def _show_example(self) -> None:
        samples = self._trial.samples if self._trial is not None else []
        if not samples:
            self.diff.say("No letter would be changed.")
            return
        sample = samples[self._place]
        self.example.setText(f"Example {self._place + 1} of {len(samples)}: {sample.message_id[:40]}")
        self.earlier_button.setEnabled(self._place > 0)
        self.later_button.setEnabled(self._place + 1 < len(samples))
        self.diff.show_difference(sample.before, sample.after)

    @Slot()
    def _on_earlier(self) -> None:
        self._place -= 1
        self._show_example()

    @Slot()
    def _on_later(self) -> None:
        self._place += 1
        self._show_example()

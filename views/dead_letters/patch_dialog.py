"""Corrects many payloads at once: a JSON Patch, tried on all members before anything is kept."""

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from backend.contracts.dead_letter_operations import (
    OperationKind,
    OperationOptions,
    OperationPreview,
    OperationRequest,
)
from backend.contracts.dead_letter_views import Selection
from backend.contracts.errors import OperatorError
from controllers.dead_letters_acts import LetterActs
from controllers.dead_letters_patch import EXAMPLE, PatchTextError, read_patch_text
from controllers.wording import plural
from views.dead_letters.pace_dialog import pace_box
from views.dead_letters.patch_trial_view import PatchTrialView
from views.theme.fonts import mono_font
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import button, label, row
from views.widgets.number_box import set_up_number
from views.widgets.overlay import Overlay
from views.widgets.typed_name import TypedName

_PAUSE_MS = 400
_SAMPLE = 20
_TOLD = (
    "Each payload it applies to is kept as a revision and sent; the originals stay as they are. Where it "
    "fails the letter is skipped; what it leaves unchanged is sent as it is."
)


class PatchDialog(Overlay):
    """Signals: `decided` with an OperationRequest, the typed count or None, and the exact number of letters
    that was shown, None where it was not exact.
    """

    decided = Signal(object, object, object)

    def __init__(
        self, theme: Theme, acts: LetterActs, selection: Selection, title: str, parent: QWidget
    ) -> None:
        super().__init__(parent, width=860)
        self._acts, self._selection, self._title = acts, selection, title
        self._preview: OperationPreview | None = None
        self.heading = label(f"Patch: {title}", "heading", wrap=True)
        self.banner = Banner(theme)
        self.edit = QPlainTextEdit(EXAMPLE)
        self.problem = label("", wrap=True, tone="bad")
        self.warnings = label("", wrap=True, tone="warn")
        self.trial = PatchTrialView(theme)
        self.canary = QSpinBox()
        self.pace = pace_box()
        self.reason = QLineEdit()
        self.typed = TypedName()
        self.cancel_button = button("Cancel", name="patch-cancel")
        self.verb_button = button("Patch and retry", "primary", name="patch-verb")
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._set_up()
        self._arrange()
        self._wire()

    def _set_up(self) -> None:
        self.edit.setProperty("kind", "code")
        self.edit.setFont(mono_font())
        self.edit.setAccessibleName("JSON Patch")
        self.edit.setTabChangesFocus(True)
        self.edit.setFixedHeight(104)
        self.canary.setRange(0, 200)
        self.canary.setValue(_SAMPLE)
        self.canary.setSpecialValueText("none")
        set_up_number(self.canary, "Letters that go first, as a sample", 90)
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why? It is kept with your name.")
        self.reason.setMaxLength(2000)
        self.typed.ask("")
        for part in (self.problem, self.warnings):
            part.hide()

    def _arrange(self) -> None:
        for part in (self.heading, label(_TOLD, "muted", wrap=True), self.banner, self.edit, self.problem):
            self.body.addWidget(part)
        self.body.addWidget(self.trial, 1)
        self.body.addWidget(self.warnings)
        pace = label("Letters a second")
        self.body.addLayout(row(label("Sample first"), self.canary, 16, pace, self.pace, None))
        self.body.addWidget(self.reason)
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.verb_button))

    def _wire(self) -> None:
        self._acts.previewed.connect(self._on_preview)
        self._acts.preview_failed.connect(self._on_failed)
        self.edit.textChanged.connect(self._on_typed)
        self._pause.timeout.connect(self._try)
        self.reason.textChanged.connect(self._enable)
        self.typed.changed.connect(self._enable)
        self.reason.returnPressed.connect(self._on_verb)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self.closed.connect(self.deleteLater)
        self._enable()

    def ask(self) -> None:
        """Open it and try what stands there."""
        self.open(self.edit)
        self._try()

    @Slot()
    def _on_typed(self) -> None:
        """What was counted was for another patch."""
        self._preview = None
        self._enable()
        self._pause.start()

    @Slot()
    def _try(self) -> None:
        try:
            steps = read_patch_text(self.edit.toPlainText())
        except PatchTextError as error:
            self.problem.setText(str(error))
            self.problem.show()
            self.trial.say("Nothing was tried.")
            return
        self.problem.hide()
        self._acts.preview(self._request(steps, "dry run"))

    def _request(self, steps: list[dict[str, object]], reason: str) -> OperationRequest:
        options = OperationOptions(
            canary=self.canary.value(), per_second=self.pace.value() or None, patch=steps
        )
        return self._acts.request(OperationKind.PATCH, self._selection, options, reason, self._title)

    @Slot(object)
    def _on_preview(self, preview: OperationPreview) -> None:
        if preview.patch is None or self._pause.isActive():
            return
        self._preview = preview
        self.banner.hide()
        about = "" if preview.counts_are_exact else "about "
        self.heading.setText(f"Patch {about}{plural(preview.acting, 'letter')}: {self._title}")
        self.trial.show_trial(preview.patch)
        self.warnings.setText("\n".join(preview.warnings))
        self.warnings.setVisible(bool(preview.warnings))
        self.typed.ask(str(preview.acting) if preview.needs_typed_count else "")
        self._enable()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.trial.say("It could not be tried, so nothing can be started.")
        self.banner.show_error(error)

    @Slot()
    def _enable(self) -> None:
        trial = self._preview.patch if self._preview is not None else None
        applies = trial is not None and trial.applies > 0
        self.verb_button.setEnabled(applies and bool(self.reason.text().strip()) and self.typed.confirmed)

    @Slot()
    def _on_verb(self) -> None:
        if not self.verb_button.isEnabled() or self._preview is None:
            return
        steps = read_patch_text(self.edit.toPlainText())
        typed = self._preview.acting if self._preview.needs_typed_count else None
        seen = self._preview.acting if self._preview.counts_are_exact else None
        self.decided.emit(self._request(steps, self.reason.text().strip()), typed, seen)
        self.close_overlay()

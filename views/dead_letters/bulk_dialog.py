"""Asks before something is done to many letters: exactly how many, what it costs, how fast, and why."""

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox, QWidget

from backend.contracts.dead_letter_operations import (
    OperationKind,
    OperationOptions,
    OperationPreview,
    OperationRequest,
)
from backend.contracts.dead_letter_views import Selection
from backend.contracts.errors import OperatorError
from controllers.dead_letters_acts import LetterActs
from controllers.wording import plural
from views.dead_letters.pace_dialog import pace_box
from views.dead_letters.preview_facts import PreviewFacts
from views.dead_letters.start_choice import StartChoice
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import button, label, row
from views.widgets.number_box import set_up_number
from views.widgets.overlay import Overlay
from views.widgets.typed_name import TypedName

_PAUSE_MS = 250
_TITLES = {
    OperationKind.RETRY: "Retry",
    OperationKind.DISCARD: "Discard",
    OperationKind.QUARANTINE: "Quarantine",
    OperationKind.RELEASE: "Release",
}
_MEANING = {
    OperationKind.RETRY: "Each is sent again to its queue. What fails again comes back here.",
    OperationKind.DISCARD: "They are let go. Their bytes are kept, and it can be taken back.",
    OperationKind.QUARANTINE: "They are set aside: bulk retries leave them alone.",
    OperationKind.RELEASE: "They can be retried in bulk again.",
}


class BulkDialog(Overlay):
    """Signals: `decided` with an OperationRequest, the typed count, None where none is needed, and the exact
    number of letters that was shown, None where it was not exact.
    """

    decided = Signal(object, object, object)

    def __init__(
        self,
        theme: Theme,
        acts: LetterActs,
        kind: OperationKind,
        selection: Selection,
        title: str,
        parent: QWidget,
        *,
        canary: int = 0,
    ) -> None:
        super().__init__(parent, width=660)
        self._acts, self._kind, self._selection, self._title = acts, kind, selection, title
        self._preview: OperationPreview | None = None
        self.heading = label("", "heading", wrap=True)
        self.facts = PreviewFacts()
        self.warnings = label("", wrap=True, tone="warn")
        self.banner = Banner(theme)
        self.canary = QSpinBox()
        self.pace = pace_box()
        self.start = StartChoice()
        self.respect = QCheckBox("Keep to half of the providers' limits")
        self.reason = QLineEdit()
        self.typed = TypedName()
        self.cancel_button = button("Cancel", name="bulk-cancel")
        self.verb_button = button(_TITLES[kind], _verb_kind(kind), name="bulk-verb")
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._set_up(canary)
        self._arrange()
        self._wire()

    def _set_up(self, canary: int) -> None:
        self.canary.setRange(0, 200)
        self.canary.setValue(canary)
        self.canary.setSpecialValueText("none")
        set_up_number(self.canary, "Letters that go first, as a sample", 90)
        self.respect.setChecked(True)
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why? It is kept with your name.")
        self.reason.setMaxLength(2000)

    def _arrange(self) -> None:
        for part in (self.heading, label(_MEANING[self._kind], "muted", wrap=True), self.banner):
            self.body.addWidget(part)
        self.body.addWidget(self.facts)
        self.body.addWidget(self.warnings)
        if self._kind is OperationKind.RETRY:
            sample = label("Sample first")
            pace = label("Letters a second")
            self.body.addLayout(row(sample, self.canary, 16, pace, self.pace, None))
            self.body.addWidget(self.start)
            self.body.addWidget(self.respect)
        self.body.addWidget(self.reason)
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.verb_button))
        self.warnings.hide()
        self.typed.ask("")

    def _wire(self) -> None:
        self._acts.previewed.connect(self._on_preview)
        self._acts.preview_failed.connect(self._on_failed)
        self.reason.textChanged.connect(self._enable)
        self.typed.changed.connect(self._enable)
        for box in (self.canary, self.pace):
            box.valueChanged.connect(self._pause.start)
        self.respect.toggled.connect(self._pause.start)
        self._pause.timeout.connect(self._count)
        self.reason.returnPressed.connect(self._on_verb)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self.closed.connect(self.deleteLater)
        self._enable()

    def ask(self) -> None:
        """Open it and count."""
        self.heading.setText(f"{_TITLES[self._kind]}: {self._title}")
        self.open(self.reason)
        self._count()

    @Slot()
    def _count(self) -> None:
        self._acts.preview(self._request("preview"))

    def _request(self, reason: str) -> OperationRequest:
        sends = self._kind is OperationKind.RETRY
        options = OperationOptions(
            canary=self.canary.value() if sends else 0,
            per_second=self.pace.value() or None,
            respect_budget=self.respect.isChecked(),
            not_before=self.start.not_before() if sends else None,
            when=self.start.condition() if sends else None,
        )
        return self._acts.request(self._kind, self._selection, options, reason, self._title)

    @Slot(object)
    def _on_preview(self, preview: OperationPreview) -> None:
        first = self._preview is None or self._preview.acting != preview.acting
        self._preview = preview
        self.banner.hide()
        self.start.offer([share.name for share in preview.calls])
        about = "" if preview.counts_are_exact else "about "
        self.heading.setText(f"{_TITLES[self._kind]} {about}{plural(preview.acting, 'letter')}")
        self.facts.show_preview(preview)
        self.warnings.setText("\n".join(preview.warnings))
        self.warnings.setVisible(bool(preview.warnings))
        if first:
            self.typed.ask(str(preview.acting) if preview.needs_typed_count else "")
        self._enable()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.facts.say("It could not be counted, so nothing can be started.")
        self.banner.show_error(error)

    @Slot()
    def _enable(self) -> None:
        counted = self._preview is not None and self._preview.acting > 0
        self.verb_button.setEnabled(counted and bool(self.reason.text().strip()) and self.typed.confirmed)

    @Slot()
    def _on_verb(self) -> None:
        if not self.verb_button.isEnabled() or self._preview is None:
            return
        typed = self._preview.acting if self._preview.needs_typed_count else None
        seen = self._preview.acting if self._preview.counts_are_exact else None
        self.decided.emit(self._request(self.reason.text().strip()), typed, seen)
        self.close_overlay()


def _verb_kind(kind: OperationKind) -> str:
    return "danger" if kind is OperationKind.DISCARD else "primary"

"""The last look before a draft is put in force: what changes, what stands against it, and why it is done."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from backend.contracts.environment import Tier
from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import WaterfallConfiguration
from backend.contracts.waterfall_diff import diff
from controllers.waterfall import WaterfallController
from controllers.waterfall_outcome import effect_words
from views.theme.theme import Theme
from views.waterfall.diff_list import DiffList
from views.waterfall.finding_list import FindingList
from views.widgets.banner import Banner
from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay
from views.widgets.typed_name import TypedName

_SHORTEST_COMMENT = 3
_WIDTH = 680
_INNER = _WIDTH - 44


class ReviewDialog(Overlay):
    """Applies the draft as the next version. It closes when that is in force or when somebody was first."""

    def __init__(
        self, theme: Theme, controller: WaterfallController, parent: QWidget, comment: str = ""
    ) -> None:
        super().__init__(parent, width=_WIDTH)
        self._controller = controller
        self._draft = controller.editor.draft
        self.check = controller.check()
        self.diff = DiffList("What changes", "Nothing changes.")
        self.findings = FindingList(theme, self.check)
        self.comment = QLineEdit(comment)
        self.typed = TypedName()
        self.banner = Banner(theme)
        self.cancel_button = button("Cancel", name="review-cancel")
        self.verb_button = button("", "primary", name="review-verb")
        self._arrange()
        self._wire()
        environment = controller.environment
        production = environment is not None and environment.tier is Tier.PRODUCTION
        self.typed.ask(environment.name if production and environment is not None else "")
        self._enable()

    def _arrange(self) -> None:
        base = self._draft.base.version if self._draft is not None else 0
        self.verb_button.setText(f"Apply as v{base + 1}")
        self.verb_button.setAccessibleName(self.verb_button.text())
        self.diff.show_changes(diff(self._draft.base.fields, self._draft.fields) if self._draft else [])
        self.body.addWidget(label(f"Apply as version {base + 1}?", "heading"))
        self.body.addWidget(label(self._consequence(base), "muted", wrap=True))
        self.body.addWidget(self.diff.in_scroll_area(_INNER))
        self.body.addWidget(self.findings.in_scroll_area(_INNER))
        self.body.addLayout(self._form())
        self.body.addWidget(self.banner)
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.verb_button))

    def _consequence(self, base: int) -> str:
        replay = self._controller.preview.replay
        effect = effect_words(replay.comparison) if replay.current and replay.comparison is not None else ""
        told = f"Every worker follows it within two seconds; version {base} stays in the history."
        return f"{told} {effect}".strip()

    def _form(self) -> QGridLayout:
        self.comment.setPlaceholderText("Why; it is kept in the history")
        self.comment.setMaxLength(2000)
        self.comment.setAccessibleName("Comment")
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setColumnStretch(1, 1)
        form.addWidget(label("Comment", "muted"), 0, 0)
        form.addWidget(self.comment, 0, 1)
        form.addWidget(label("As", "muted"), 1, 0)
        form.addWidget(label(self._controller.applying.operator or "unknown"), 1, 1)
        return form

    def _wire(self) -> None:
        self.comment.textChanged.connect(self._enable)
        self.comment.returnPressed.connect(self.cancel_button.setFocus)
        self.typed.changed.connect(self._enable)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        applying = self._controller.applying
        applying.busy_changed.connect(self._on_busy)
        applying.applied.connect(self._on_ended)
        applying.conflict.connect(self._on_ended)
        applying.failed.connect(self._on_failed)
        self._controller.changed.connect(self._follow)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.comment)

    @Slot()
    def _enable(self) -> None:
        commented = len(self.comment.text().strip()) >= _SHORTEST_COMMENT
        changed = self._draft is not None and bool(self._draft.changed)
        self.verb_button.setEnabled(
            commented
            and changed
            and self.typed.confirmed
            and not self.check.problems
            and not self._controller.applying.busy
        )

    @Slot()
    def _follow(self) -> None:
        """Somebody came first, or the draft is another one: this is no longer what would be applied."""
        overtaken = self._controller.standing.conflict is not None
        other = self._controller.editor.draft != self._draft
        if (overtaken or other) and not self._controller.applying.busy:
            self.close_overlay()

    @Slot()
    def _on_verb(self) -> None:
        if self._draft is not None:
            self.banner.hide()
            self._controller.applying.apply(self._draft, self.comment.text().strip())

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        self.cancel_button.setEnabled(not busy)
        self._enable()

    @Slot(object)
    def _on_ended(self, _in_force: WaterfallConfiguration) -> None:
        self.close_overlay()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")
        self._enable()

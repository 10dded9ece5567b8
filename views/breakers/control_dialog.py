"""The dialogue before an action on a provider: consequence, present window, reason, duration, confirmation.

It stays open while the action is under way, says beside the buttons what went wrong, and shows what changed
when somebody else was first.
"""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSpinBox, QWidget

from backend.contracts.control import DEFAULT_MINUTES, LONGEST_MINUTES, ControlAction
from backend.contracts.environment import Tier
from backend.contracts.errors import OperatorError
from controllers import breakers_curl as curl
from controllers.breakers import BreakersController
from controllers.breakers_control import Conflict, Intent, Outcome
from controllers.breakers_words import is_failing, present_window, words_of
from views.breakers.conflict import ConflictPanel
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_M, button, frame, label, row
from views.widgets.clipboard import copy
from views.widgets.overlay import Overlay
from views.widgets.typed_name import TypedName

_SHORTEST_REASON = 3


class ControlDialog(Overlay):
    """One action on one provider."""

    def __init__(
        self, theme: Theme, controller: BreakersController, action: ControlAction, name: str, parent: QWidget
    ) -> None:
        super().__init__(parent, width=600)
        self._controller, self._action, self._name = controller, action, name
        self._words = words_of(action, name)
        self._intent: Intent | None = None
        self._busy = False
        self.window_text = label("", wrap=True)
        self.reason = QLineEdit()
        self.minutes = QSpinBox()
        self.typed = TypedName()
        self.banner = Banner(theme)
        self.conflict = ConflictPanel(theme)
        self.copy_button = button("Copy as curl", "link")
        self.cancel_button = button("Cancel", name="control-cancel")
        kind = "primary" if action is ControlAction.SHADOW else "danger"
        self.verb_button = button(self._words.verb, kind, name="control-verb")
        self._arrange()
        self._wire()
        self._look()
        environment = controller.environment
        production = environment is not None and environment.tier is Tier.PRODUCTION
        self.typed.ask(environment.name if production and environment is not None else "")

    def _arrange(self) -> None:
        self.body.addWidget(label(self._words.title, "heading"))
        self.body.addWidget(label(self._words.consequence, wrap=True))
        inset = row(self.window_text, margin=(12, 9, 12, 9))
        self._window_frame = frame("inset", inset)
        self.body.addWidget(self._window_frame)
        self.body.addLayout(self._form())
        self.body.addWidget(self.conflict)
        self.body.addWidget(self.banner)
        self.body.addLayout(row(self.typed, None))
        self.body.addLayout(row(self.copy_button, None, self.cancel_button, self.verb_button))

    def _form(self) -> QGridLayout:
        self.reason.setPlaceholderText("Why; it is kept in the audit")
        self.reason.setMaxLength(500)
        self.reason.setAccessibleName("Reason")
        self.minutes.setRange(1, LONGEST_MINUTES)
        self.minutes.setValue(DEFAULT_MINUTES)
        self.minutes.setSuffix(" min")
        self.minutes.setFixedWidth(120)
        self.minutes.setAccessibleName("Minutes until it ends by itself")
        self.minutes.lineEdit().setAccessibleName(self.minutes.accessibleName())
        # A styled spin box keeps its padding to itself; the text needs its own.
        self.minutes.lineEdit().setTextMargins(8, 0, 0, 0)
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(GAP_M)
        form.setColumnStretch(1, 1)
        form.addWidget(label("Reason", "muted"), 0, 0)
        form.addWidget(self.reason, 0, 1)
        if self._words.lasts:
            form.addWidget(label("For", "muted"), 1, 0)
            ends = label("then it ends by itself", "muted")
            form.addLayout(row(self.minutes, ends, None), 1, 1)
        form.addWidget(label("As", "muted"), 2, 0)
        form.addWidget(label(self._controller.controls.operator or "unknown"), 2, 1)
        return form

    def _wire(self) -> None:
        self.reason.textChanged.connect(self._enable)
        self.reason.returnPressed.connect(self._on_return)
        self.typed.changed.connect(self._enable)
        self.copy_button.clicked.connect(self._copy)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self.conflict.look_again.connect(self._look_again)
        controls = self._controller.controls
        controls.busy_changed.connect(self._on_busy)
        controls.done.connect(self._on_done)
        controls.failed.connect(self._on_failed)
        controls.conflict.connect(self._on_conflict)
        self._controller.changed.connect(self._follow)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.reason)

    def _look(self) -> None:
        """Take the state as it is now: the window that is shown and the epoch that is named."""
        status = self._controller.status(self._name)
        self._intent = self._controller.intent(self._action, self._name, "-" * _SHORTEST_REASON, 1)
        dangerous = self._action in (ControlAction.DISABLE, ControlAction.CLOSE)
        shown = status is not None and (dangerous or is_failing(status))
        self._window_frame.setVisible(shown)
        if status is not None:
            self.window_text.setText(present_window(status))
        self._enable()

    def _ready(self) -> Intent | None:
        """What was decided on, with reason and duration as they stand in the form."""
        if self._intent is None:
            return None
        update = {"reason": self.reason.text().strip(), "minutes": self.minutes.value()}
        request = self._intent.request.model_copy(update=update)
        return Intent(self._name, request, self._intent.seen)

    @Slot()
    def _follow(self) -> None:
        """A breaker that moves by itself is followed; what another operator did has to be looked at first."""
        status = self._controller.status(self._name)
        if status is None or self._intent is None or self._busy or self.conflict.isVisibleTo(self.card):
            return
        if status.circuit_breaker.control == self._intent.seen.control:
            self._look()

    @Slot()
    def _enable(self) -> None:
        reason = len(self.reason.text().strip()) >= _SHORTEST_REASON
        open_question = self.conflict.isVisibleTo(self.card)
        self.verb_button.setEnabled(
            reason
            and self.typed.confirmed
            and not self._busy
            and not open_question
            and self._intent is not None
        )
        self.copy_button.setEnabled(reason and self._intent is not None)

    @Slot()
    def _on_return(self) -> None:
        """Enter goes on to the buttons; it never does something serious by itself."""
        self.cancel_button.setFocus()

    @Slot()
    def _on_verb(self) -> None:
        intent = self._ready()
        if intent is not None:
            self.banner.hide()
            self._controller.controls.carry_out(intent)

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        self._busy = busy
        self.cancel_button.setEnabled(not busy)
        self._enable()

    @Slot(object)
    def _on_done(self, _outcome: Outcome) -> None:
        self.close_overlay()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")

    @Slot(object)
    def _on_conflict(self, conflict: Conflict) -> None:
        self.conflict.show_conflict(conflict)
        self._enable()

    @Slot()
    def _look_again(self) -> None:
        self.conflict.hide()
        self._look()
        self.reason.setFocus()

    @Slot()
    def _copy(self) -> None:
        intent, environment = self._ready(), self._controller.environment
        if intent is not None and environment is not None:
            copy(curl.control(environment, self._name, intent.request))

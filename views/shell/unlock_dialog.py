"""The question before production can be changed: for how long, why, and the name typed."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSpinBox, QWidget

from backend.contracts.access import DEFAULT_MINUTES, LONGEST_MINUTES, SHORTEST_REASON
from backend.contracts.errors import OperatorError
from controllers.access import AccessController
from controllers.session import title_of
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_M, button, label, row
from views.widgets.overlay import Overlay
from views.widgets.typed_name import TypedName


class UnlockDialog(Overlay):
    """Asks once; closes when it is unlocked."""

    def __init__(self, theme: Theme, controller: AccessController, parent: QWidget) -> None:
        super().__init__(parent, width=600)
        self._controller = controller
        self._busy = False
        self.reason = QLineEdit()
        self.minutes = QSpinBox()
        self.typed = TypedName()
        self.banner = Banner(theme)
        self.cancel_button = button("Cancel", name="unlock-cancel")
        self.verb_button = button("Unlock", "danger", name="unlock-verb")
        self._arrange()
        self._wire()
        environment = controller.environment
        self.typed.ask(environment.name if environment is not None else "")
        self._enable()

    def _arrange(self) -> None:
        environment = self._controller.environment
        name = title_of(environment) if environment is not None else "it"
        self.body.addWidget(label(f"Unlock {name} for changes?", "heading"))
        self.body.addWidget(
            label(
                "From this console and its command line, deployments, breakers, the waterfall and dead "
                "letters can be changed until the time is over. A run at work then goes on to its end.",
                wrap=True,
            )
        )
        self.body.addLayout(self._form())
        self.body.addWidget(self.banner)
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.verb_button))

    def _form(self) -> QGridLayout:
        self.reason.setPlaceholderText("Why; it is kept with your name")
        self.reason.setMaxLength(200)
        self.reason.setAccessibleName("Reason")
        self.minutes.setRange(1, LONGEST_MINUTES)
        self.minutes.setValue(DEFAULT_MINUTES)
        self.minutes.setSuffix(" min")
        self.minutes.setFixedWidth(120)
        self.minutes.setAccessibleName("Minutes until it is read-only again")
        self.minutes.lineEdit().setAccessibleName(self.minutes.accessibleName())
        self.minutes.lineEdit().setTextMargins(8, 0, 0, 0)
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(GAP_M)
        form.setColumnStretch(1, 1)
        form.addWidget(label("Reason", "muted"), 0, 0)
        form.addWidget(self.reason, 0, 1)
        form.addWidget(label("For", "muted"), 1, 0)
        form.addLayout(row(self.minutes, label("then it locks itself", "muted"), None), 1, 1)
        return form

    def _wire(self) -> None:
        self.reason.textChanged.connect(self._enable)
        self.typed.changed.connect(self._enable)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self._controller.done.connect(self._on_done)
        self._controller.failed.connect(self._on_failed)
        self._controller.busy_changed.connect(self._on_busy)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.reason)

    @Slot()
    def _enable(self) -> None:
        reason = len(self.reason.text().strip()) >= SHORTEST_REASON
        self.verb_button.setEnabled(reason and self.typed.confirmed and not self._busy)

    @Slot()
    def _on_verb(self) -> None:
        self.banner.hide()
        self._controller.unlock(self.minutes.value(), self.reason.text().strip())

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        self._busy = busy
        self._enable()

    @Slot(str)
    def _on_done(self, _sentence: str) -> None:
        self.close_overlay()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")

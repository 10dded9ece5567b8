"""Resetting every provider that is not closed, after one dialogue."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from backend.contracts.control import DEFAULT_MINUTES, ControlAction
from backend.contracts.environment import Tier
from controllers.breakers import BreakersController
from controllers.breakers_control import Outcome
from controllers.rows import Row, RowsModel
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay
from views.widgets.row_list import RowList
from views.widgets.typed_name import TypedName

_SHORTEST_REASON = 3


class ResetAllDialog(Overlay):
    """Lists what is reset and asks for the reason."""

    def __init__(self, theme: Theme, controller: BreakersController, parent: QWidget) -> None:
        super().__init__(parent, width=600)
        self._controller = controller
        self._busy = False
        self.names = controller.not_closed()
        self.model = RowsModel(self)
        self.model.replace([self._row(name) for name in self.names])
        self.list = RowList(theme, self.model, "Providers that are reset", two_lines=False, picks=False)
        self.list.fit(8)
        self.reason = QLineEdit()
        self.typed = TypedName()
        self.banner = Banner(theme)
        self.cancel_button = button("Cancel", name="reset-all-cancel")
        self.verb_button = button("Reset all", "danger", name="reset-all-verb")
        self._arrange()
        self._wire()
        environment = controller.environment
        production = environment is not None and environment.tier is Tier.PRODUCTION
        self.typed.ask(environment.name if production and environment is not None else "")
        self._enable()

    def _row(self, name: str) -> Row:
        shown = self._controller.table.rows()[self._controller.table.place_of(name)]
        return Row(name, shown.mark, name, trailing=shown.cells[1])

    def _arrange(self) -> None:
        self.reason.setPlaceholderText("Why; it is kept in the audit")
        self.reason.setMaxLength(500)
        self.reason.setAccessibleName("Reason")
        self.body.addWidget(label("Reset all providers that are not closed?", "heading"))
        self.body.addWidget(
            label(
                "Ends what was forced, closes their breakers, and starts windows and waiting times afresh. "
                "All calls pass at once. A provider that somebody changes meanwhile is left as it is.",
                wrap=True,
            )
        )
        self.body.addWidget(self.list)
        self.body.addLayout(row(label("Reason", "muted"), self.reason, gap=12))
        self.body.addWidget(self.banner)
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.verb_button))

    def _wire(self) -> None:
        self.reason.textChanged.connect(self._enable)
        self.typed.changed.connect(self._enable)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self._controller.controls.busy_changed.connect(self._on_busy)
        self._controller.controls.done.connect(self._on_done)
        self._controller.controls.failed.connect(self.banner.show_error)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.reason)

    @Slot()
    def _enable(self) -> None:
        reason = len(self.reason.text().strip()) >= _SHORTEST_REASON
        self.verb_button.setEnabled(reason and self.typed.confirmed and not self._busy and bool(self.names))

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        self._busy = busy
        self.cancel_button.setEnabled(not busy)
        self._enable()

    @Slot()
    def _on_verb(self) -> None:
        reason = self.reason.text().strip()
        intents = [
            self._controller.intent(ControlAction.CLOSE, name, reason, DEFAULT_MINUTES) for name in self.names
        ]
        self._controller.controls.carry_out_each([intent for intent in intents if intent is not None])

    @Slot(object)
    def _on_done(self, _outcome: Outcome) -> None:
        self.close_overlay()

"""The selected provider: state, why, until when, what it means to enrichment, and what can be done."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.control import ControlAction, ControlAudit
from backend.contracts.errors import OperatorError
from backend.contracts.live import ProviderImpact
from backend.contracts.providers import BreakerControl, BreakerState, ProviderStatus
from controllers.breakers import BreakersController
from controllers.breakers_conditions import MARKS, Condition, condition_of
from controllers.breakers_detail import (
    Fact,
    audit_rows,
    endpoint_rows,
    forced_words,
    impact_facts,
    state_facts,
    traffic_facts,
)
from controllers.breakers_feed import ProvidersSnapshot
from controllers.breakers_rows import condition_note
from controllers.rows import Row, RowsModel
from views.breakers.facts import FactList
from views.breakers.forced import ForcedBanner
from views.breakers.pill import StatePill
from views.theme.theme import Theme
from views.widgets.base import GAP_M, button, column, holder, label, row, scrolling
from views.widgets.card import Card
from views.widgets.row_list import RowList

_PROBE_WORDS = {BreakerState.OPEN: "Probe now", BreakerState.HALF_OPEN: "Probe now"}


class ProviderDetail(Card):
    """Signals: `asked` with a ControlAction; `letters_asked` with the provider whose dead letters to show."""

    asked = Signal(object)
    letters_asked = Signal(str)

    def __init__(self, theme: Theme, controller: BreakersController, parent: QWidget | None = None) -> None:
        super().__init__("Provider", parent=parent)
        self._controller = controller
        self._impact: ProviderImpact | None = None
        self._impact_known = False
        self._state = StatePill(theme, MARKS[Condition.UNKNOWN])
        self._note = label("", "muted")
        self.head.addWidget(self._note)
        self.head.addWidget(self._state)
        self.forced = ForcedBanner(theme)
        self.facts, self.impact, self.traffic = FactList(), FactList(), FactList()
        self.dead_letters_button = button("Show", "link", tip="Show the provider's dead letters")
        self.dead_letters_button.setAccessibleName("Show the provider's dead letters")
        self.endpoints, self.audit = RowsModel(self), RowsModel(self)
        self._endpoint_caption = label("Breakers by endpoint class", "caption")
        self._endpoint_list = self._list(theme, self.endpoints, "Breakers by endpoint class")
        self._audit_list = self._list(theme, self.audit, "What operators did")
        self._no_audit = label("Nothing was done by hand yet.", "muted")
        self.probe_button = button("Send test call", "primary", name="breaker-probe")
        self.reset_button = button("Reset…", name="breaker-close")
        self.force_button = button("Force open…", "danger", name="breaker-force-open")
        self.disable_button = button("Disable…", name="breaker-disable")
        self.shadow_button = button("Shadow…", name="breaker-shadow")
        self._arrange()
        self._wire()

    def _list(self, theme: Theme, model: RowsModel, name: str) -> RowList:
        return RowList(theme, model, name, picks=False)

    def _arrange(self) -> None:
        content = QWidget()
        content.setLayout(
            column(
                self.forced,
                self.facts,
                self.impact,
                self.traffic,
                self._endpoint_caption,
                self._endpoint_list,
                label("What operators did", "caption"),
                self._no_audit,
                self._audit_list,
                None,
                gap=GAP_M,
                margin=(0, 0, 8, 0),
            )
        )
        self.impact.put_beside(0, self.dead_letters_button)
        self.body.addWidget(scrolling(content), 1)
        self._buttons = (
            (self.probe_button, ControlAction.PROBE),
            (self.reset_button, ControlAction.CLOSE),
            (self.force_button, ControlAction.FORCE_OPEN),
            (self.disable_button, ControlAction.DISABLE),
            (self.shadow_button, ControlAction.SHADOW),
        )
        self.actions_bar = holder(row(*(each for each, _ in self._buttons), None, gap=6))
        self.body.addWidget(self.actions_bar)

    def _wire(self) -> None:
        for each, _ in self._buttons:
            each.clicked.connect(self._on_action)
        self.forced.released.connect(self._on_release)
        self.dead_letters_button.clicked.connect(self._ask_letters)
        self._controller.readings.impact.connect(self._on_impact)
        self._controller.readings.impact_failed.connect(self._on_impact_failed)
        self._controller.readings.audit.connect(self._on_audit)
        self._controller.readings.audit_failed.connect(self._on_audit_failed)
        self._controller.controls.busy_changed.connect(self.actions_bar.setDisabled)

    def show_provider(self, name: str) -> None:
        """Turn to another provider; what was read of the one before goes away at once."""
        self.caption.setText(name or "Provider")
        self._impact, self._impact_known = None, False
        self._no_audit.setText("Reading…")
        self._show_audit(())
        self.impact.show_facts([])

    def show_snapshot(self, snapshot: ProvidersSnapshot) -> None:
        """Show what is known of the selected provider now."""
        status = self._controller.status(self._controller.selection)
        if status is None or snapshot.now is None:
            self._show_unknown(snapshot)
            return
        breaker = status.circuit_breaker
        self._state.show_mark(MARKS[condition_of(breaker)])
        self._note.setText(f"{condition_note(status, snapshot.now)} · {status.mode}".removeprefix(" · "))
        self.forced.show_words(*forced_words(breaker, snapshot.now))
        self.facts.show_facts(state_facts(status, snapshot.now))
        self.traffic.show_facts(traffic_facts(status, snapshot.now))
        self._show_impact(is_open=breaker.state is not BreakerState.CLOSED)
        self._show_endpoints(endpoint_rows(status, snapshot.now))
        self._name_buttons(status)

    def _name_buttons(self, status: ProviderStatus) -> None:
        """The same call is a probe while the breaker is open; what is forced is not forced again."""
        words = _PROBE_WORDS.get(status.circuit_breaker.state, "Send test call")
        if words != self.probe_button.text():
            self.probe_button.setText(words)
            self.probe_button.setAccessibleName(words)
        control = status.circuit_breaker.control.control
        forced = control is BreakerControl.FORCED_OPEN
        self.probe_button.setEnabled(not forced)
        self.probe_button.setToolTip(
            "No call passes while it is forced open; release it first" if forced else ""
        )
        self.reset_button.setEnabled(True)
        self.force_button.setEnabled(not forced)
        self.disable_button.setEnabled(control is not BreakerControl.DISABLED)
        self.shadow_button.setEnabled(control is not BreakerControl.SHADOW)

    def _show_unknown(self, snapshot: ProvidersSnapshot) -> None:
        for each, _ in self._buttons:
            each.setEnabled(False)
        self._state.show_mark(MARKS[Condition.UNKNOWN])
        self._note.setText("")
        self.forced.show_words("", "")
        self.facts.show_facts([Fact("State", snapshot.words)])
        self.impact.show_facts([])
        self.traffic.show_facts([])
        self.dead_letters_button.hide()
        self._show_endpoints([])

    def _show_endpoints(self, rows: Sequence[Row]) -> None:
        before = self.endpoints.rowCount()
        self.endpoints.replace(rows)
        if self.endpoints.rowCount() != before:
            self._endpoint_list.fit(6)
        for part in (self._endpoint_caption, self._endpoint_list):
            part.setVisible(bool(rows))

    def _show_impact(self, *, is_open: bool) -> None:
        if self._impact_known:
            self.impact.show_facts(impact_facts(self._impact, is_open=is_open))
        dead = self._impact.dead_letters if self._impact is not None else None
        self.dead_letters_button.setVisible(bool(dead))

    @Slot(object)
    def _on_impact(self, impact: ProviderImpact | None) -> None:
        self._impact, self._impact_known = impact, True
        self.show_snapshot(self._controller.feed.snapshot)

    @Slot(object)
    def _on_impact_failed(self, _error: OperatorError) -> None:
        self._on_impact(None)

    @Slot(object)
    def _on_audit(self, entries: Sequence[ControlAudit]) -> None:
        self._no_audit.setText("Nothing was done by hand yet.")
        self._show_audit(entries)

    @Slot(object)
    def _on_audit_failed(self, error: OperatorError) -> None:
        self._no_audit.setText(f"Unknown: {error.sentence()}")
        self._show_audit(())

    def _show_audit(self, entries: Sequence[ControlAudit]) -> None:
        now = self._controller.feed.snapshot.now
        self.audit.replace(audit_rows(list(entries), now) if now is not None else [])
        shown = bool(self.audit.rows())
        self._audit_list.setVisible(shown)
        self._no_audit.setVisible(not shown)
        self._audit_list.fit(5)

    @Slot()
    def _on_action(self) -> None:
        self.asked.emit(next(action for each, action in self._buttons if each is self.sender()))

    @Slot()
    def _on_release(self) -> None:
        self.asked.emit(ControlAction.CLOSE)

    @Slot()
    def _ask_letters(self) -> None:
        self.letters_asked.emit(self._controller.selection)

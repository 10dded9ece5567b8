"""The circuit-breaker screen."""

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from backend.contracts.control import DEFAULT_MINUTES, ControlAction
from backend.contracts.errors import OperatorError
from backend.contracts.live import BreakerTransition
from controllers.breakers import BreakersController
from controllers.breakers_control import Conflict, Outcome
from controllers.breakers_feed import ProvidersSnapshot
from controllers.breakers_head import LOOK_AGAIN, Empty, empty_words, freshness_tone, head_words
from controllers.breakers_words import PROBE_REASON, conflict_lines, conflict_title, moved_words
from controllers.clock import Clock
from controllers.marks import Mark, Shape
from controllers.monitor import Freshness
from controllers.preload import Preload
from views.breakers.chart import RateChart
from views.breakers.control_dialog import ControlDialog
from views.breakers.detail import ProviderDetail
from views.breakers.reset_all import ResetAllDialog
from views.breakers.table import ProviderTable
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, restyle, row
from views.widgets.card import Card
from views.widgets.empty_state import EmptyState
from views.widgets.free_height import FreeHeight
from views.widgets.page import PageHead
from views.widgets.pill import Pill

_LARGEST_SHARE = 0.5
"""Of the height of the screen, for the table."""
_NONE_FOUND = Mark(Shape.WAITING, "muted", "nothing found")


class BreakersView(QWidget):
    """Signals: `action_asked` with an id of the action list; `told` with a sentence."""

    action_asked = Signal(str)
    told = Signal(str)

    def __init__(
        self,
        theme: Theme,
        controller: BreakersController,
        plots: Preload,
        clock: Clock,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._controller = theme, controller
        self.head = PageHead("Circuit breakers")
        self.freshness = Pill()
        self.filter = QLineEdit()
        self.reset_all_button = button("Reset all…", name="breakers-reset-all")
        self.banner = Banner(theme)
        self.table = ProviderTable(theme, controller)
        self.none_found = EmptyState(theme)
        self.chart = RateChart(theme, plots, clock)
        self.detail = ProviderDetail(theme, controller)
        self.empty = EmptyState(theme)
        self._rows = QStackedWidget()
        self._states = QStackedWidget()
        self._empty: Empty | None = None
        self.dialog: ControlDialog | ResetAllDialog | None = None
        self._arrange()
        self._wire()
        if controller.selection:
            self._on_selected(controller.selection)

    def _arrange(self) -> None:
        self.filter.setPlaceholderText("Filter…  Ctrl+F")
        self.filter.setAccessibleName("Filter providers by name or state")
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(190)
        self.head.add(self.freshness, self.filter, self.reset_all_button)
        self._rows.addWidget(self.table)
        self._rows.addWidget(self.none_found)
        self._table_card = Card()
        self._table_card.outer.setContentsMargins(6, 4, 6, 6)
        self._table_card.body.addWidget(self._rows)
        below = row(self.chart, self.detail, gap=GAP_L)
        below.setStretch(0, 56)
        below.setStretch(1, 44)
        full = column(self._table_card, FreeHeight(below), gap=GAP_L)
        full.setStretch(1, 1)
        page = QWidget()
        page.setLayout(full)
        self._full = page
        self._states.addWidget(page)
        self._states.addWidget(self.empty)
        self._states.installEventFilter(self)
        layout = column(self.head, self.banner, self._states, gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def _wire(self) -> None:
        controller, readings = self._controller, self._controller.readings
        controller.changed.connect(self._on_changed)
        controller.selected.connect(self._on_selected)
        controller.moved.connect(self._on_moved)
        controller.controls.done.connect(self._on_done)
        controller.controls.failed.connect(self._on_failed)
        controller.controls.conflict.connect(self._on_conflict)
        readings.history.connect(self.chart.show_history)
        readings.history_failed.connect(self._on_history_failed)
        self.chart.minutes_chosen.connect(readings.set_minutes)
        self.table.chosen.connect(controller.select)
        self.table.filtered.connect(self._on_filtered)
        self.detail.asked.connect(self.ask)
        self.filter.textChanged.connect(self.table.set_filter)
        self.none_found.pressed.connect(self.filter.clear)
        self.empty.pressed.connect(self._on_empty_action)
        self.reset_all_button.clicked.connect(self.ask_reset_all)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.focus_filter)

    @Slot()
    def focus_filter(self) -> None:
        """Put the keyboard into the filter."""
        self.filter.setFocus()
        self.filter.selectAll()

    @Slot(object)
    def ask(self, action: ControlAction) -> None:
        """Do something to the selected provider: a test call at once, anything else after its dialogue."""
        name = self._controller.selection
        if self._controller.status(name) is None:
            self.banner.show_note(f"The state of {name or 'the providers'} is unknown. Nothing was done.")
        elif action is ControlAction.PROBE:
            intent = self._controller.intent(action, name, PROBE_REASON, DEFAULT_MINUTES)
            if intent is not None:
                self._controller.controls.carry_out(intent)
        else:
            self.dialog = ControlDialog(self._theme, self._controller, action, name, self.window())
            self.dialog.closed.connect(self._on_dialog_closed)
            self.dialog.ask()

    @Slot()
    def ask_reset_all(self) -> None:
        """Reset every provider that is not closed, after a dialogue."""
        if not self._controller.not_closed():
            self.told.emit("Every provider is closed; there is nothing to reset.")
            return
        self.dialog = ResetAllDialog(self._theme, self._controller, self.window())
        self.dialog.closed.connect(self._on_dialog_closed)
        self.dialog.ask()

    def showEvent(self, event: QShowEvent) -> None:
        """Read histories while somebody looks."""
        super().showEvent(event)
        self._controller.readings.set_shown(True)
        self._on_changed(self._controller.feed.snapshot)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading them."""
        self._controller.readings.set_shown(False)
        super().hideEvent(event)

    @Slot(object)
    def _on_changed(self, snapshot: ProvidersSnapshot) -> None:
        if not self.isVisible():
            return
        words, tone = head_words(snapshot)
        self.head.explanation.setText(words)
        restyle(self.head.explanation, tone=tone)
        self.freshness.show_state(snapshot.words, freshness_tone(snapshot))
        self.freshness.setToolTip(snapshot.error.sentence() if snapshot.error is not None else "")
        empty = empty_words(snapshot)
        for widget in (self.freshness, self.filter, self.reset_all_button):
            widget.setVisible(empty is None)
        self._states.setCurrentWidget(self._full if empty is None else self.empty)
        if empty is None:
            self._show_providers(snapshot)
        elif empty != self._empty:
            self.empty.show_state(empty.mark, empty.title, empty.explanation, empty.label)
        self._empty = empty

    def _show_providers(self, snapshot: ProvidersSnapshot) -> None:
        if self._rows.currentWidget() is self.table:
            self._fit_table()
        self.table.show_selection(self._controller.selection)
        self.detail.show_snapshot(snapshot)
        if snapshot.freshness is Freshness.UNKNOWN:
            self.chart.show_unknown("the gateway does not answer.")
        status = self._controller.status(self._controller.selection)
        if status is not None:
            breaker = status.circuit_breaker
            self.chart.show_threshold(breaker.failure_threshold, breaker.minimum_calls)
        self.reset_all_button.setEnabled(
            snapshot.freshness is not Freshness.UNKNOWN and bool(self._controller.not_closed())
        )

    def _fit_table(self) -> None:
        """As high as its rows, but never so high that the details have no room."""
        height = self.table.fitting_height(round(self._states.height() * _LARGEST_SHARE))
        margins = self._table_card.outer.contentsMargins()
        height += margins.top() + margins.bottom()
        if height != self._table_card.minimumHeight():
            self._table_card.setFixedHeight(height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Share the height anew between table and details when there is more or less of it."""
        if watched is self._states and event.type() is QEvent.Type.Resize:
            self._fit_table()
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_selected(self, name: str) -> None:
        self.chart.show_provider(name)
        self.detail.show_provider(name)
        if self.isVisible():
            self.table.show_selection(name)
            self.detail.show_snapshot(self._controller.feed.snapshot)

    @Slot()
    def _on_filtered(self) -> None:
        found = self.table.shown.rowCount() > 0
        if not found:
            self.none_found.show_state(
                _NONE_FOUND,
                "No provider matches",
                f"“{self.filter.text().strip()}” is in no provider's name, state or rate gate.",
                "Clear filter",
            )
        self._rows.setCurrentWidget(self.table if found else self.none_found)

    @Slot()
    def _on_empty_action(self) -> None:
        if self._empty is None or self._empty.action == LOOK_AGAIN:
            self._controller.feed.look_again()
        else:
            self.action_asked.emit(self._empty.action)

    @Slot(object)
    def _on_moved(self, transition: BreakerTransition) -> None:
        announce(self.window(), moved_words(transition))

    @Slot(object)
    def _on_done(self, outcome: Outcome) -> None:
        self.banner.hide()
        self.told.emit(outcome.sentence)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        """A dialogue that is open says it itself."""
        if self.dialog is None:
            environment = self._controller.environment
            self.banner.show_error(error, environment.name if environment is not None else "")

    @Slot(object)
    def _on_conflict(self, conflict: Conflict) -> None:
        if self.dialog is None:
            lines = "; ".join(f"{name}: {value}" for name, value in conflict_lines(conflict))
            self.banner.show_note(conflict_title(conflict), lines)

    @Slot(object)
    def _on_history_failed(self, error: OperatorError) -> None:
        self.chart.show_unknown(error.sentence())

    @Slot()
    def _on_dialog_closed(self) -> None:
        self.dialog = None

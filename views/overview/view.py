"""The overview screen."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Finding
from backend.contracts.stack import ServiceState
from controllers.clock import Clock
from controllers.monitor import Freshness, Snapshot
from controllers.preload import Preload
from controllers.stack_actions import StackActions
from views.overview.attention import AttentionList
from views.overview.cards import StatusCards
from views.overview.chart import ThroughputChart
from views.overview.first_start import FirstStart
from views.overview.flow import MedallionFlow
from views.overview.health_overlay import HealthOverlay
from views.overview.run_card import RunCard
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, row
from views.widgets.page import PageHead


class OverviewView(QWidget):
    """Shows the newest snapshot.

    Signals: `action_asked` with an id of the action list; `run_asked` with the unfinished run.
    """

    action_asked = Signal(str)
    run_asked = Signal(object)

    def __init__(
        self,
        theme: Theme,
        actions: StackActions,
        plots: Preload,
        clock: Clock,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._actions = theme, actions
        self._environment = ""
        self.head = PageHead("Overview", "What needs you, and the flow of tracks through the layers")
        self.health_button = button("Run health check", name="overview-health")
        self.switch_button = button("Stop stack", name="overview-switch")
        self.deploy_button = button("Deploy…", "primary", name="overview-deploy")
        self.banner = Banner(theme)
        self.run_card = RunCard(theme)
        self.cards = StatusCards(theme)
        self.flow = MedallionFlow()
        self.chart = ThroughputChart(theme, plots)
        self.attention = AttentionList(theme, clock)
        self.first_start = FirstStart(theme, clock)
        self._states = QStackedWidget()
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.head.add(self.health_button, self.switch_button, self.deploy_button)
        below = row(self.chart, self.attention, gap=GAP_L)
        below.setStretch(0, 62)
        below.setStretch(1, 38)
        full = column(self.cards, self.flow, below, gap=GAP_L)
        full.setStretch(2, 1)
        self._full = QWidget()
        self._full.setLayout(full)
        self._states.addWidget(self._full)
        self._states.addWidget(self.first_start)
        layout = column(self.head, self.banner, self.run_card, self._states, gap=GAP_L)
        layout.setStretch(3, 1)
        self.setLayout(layout)

    def _wire(self) -> None:
        self.health_button.clicked.connect(self._actions.check_health)
        self.switch_button.clicked.connect(self._on_switch)
        self.deploy_button.clicked.connect(self._on_deploy)
        self.first_start.deploy_asked.connect(self._on_deploy)
        self.attention.action_asked.connect(self.action_asked)
        self.first_start.action_asked.connect(self.action_asked)
        self.run_card.open_asked.connect(self.run_asked)
        self._actions.health_found.connect(self._on_health)
        self._actions.failed.connect(self.show_error)
        self._actions.busy_changed.connect(self._on_busy)

    def show_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self._environment = environment.name
        self.banner.hide()
        self.first_start.show_environment(environment.name)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what was measured, how old it is, and why there is nothing newer."""
        status = snapshot.status
        self.run_card.show_run(snapshot.active)
        known = status is not None and snapshot.freshness is not Freshness.UNKNOWN
        empty = known and status is not None and not status.deployed
        self._states.setCurrentWidget(self.first_start if empty else self._full)
        for widget in (self.health_button, self.switch_button, self.deploy_button):
            widget.setVisible(not empty)
        self._show_freshness(snapshot)
        if empty and status is not None:
            self.first_start.show_status(status)
            return
        self.cards.show_snapshot(snapshot)
        self.flow.show_layers(status.layers if known and status is not None else None)
        if status is None or not known:
            self.chart.show_unknown()
            self.attention.show_unknown()
        else:
            self.chart.show_points(status.throughput)
            self.attention.show_status(status)
            stopped = all(each.state is ServiceState.STOPPED for each in status.services)
            self.switch_button.setText("Start stack" if stopped else "Stop stack")
            self.switch_button.setAccessibleName(self.switch_button.text())

    def _show_freshness(self, snapshot: Snapshot) -> None:
        """A measurement that is not live says so beside the title, with its age and the reason."""
        live = snapshot.freshness is Freshness.LIVE and snapshot.error is None
        tone = "warn" if snapshot.freshness is Freshness.STALE else "muted"
        self.head.pill.show_state("" if live or snapshot.age_seconds is None else snapshot.words, tone)
        self.head.pill.setToolTip(snapshot.error.message if snapshot.error is not None else "")
        if snapshot.error is not None and snapshot.freshness is not Freshness.LIVE:
            self.banner.show_error(snapshot.error, self._environment)

    @Slot(object)
    def show_error(self, error: OperatorError) -> None:
        """Say what failed, where it was asked for."""
        self.banner.show_error(error, self._environment)

    @Slot(object)
    def _on_health(self, findings: Sequence[Finding]) -> None:
        overlay = HealthOverlay(self._theme, findings, self.window())
        overlay.open(overlay.close_button)

    @Slot(str)
    def _on_busy(self, what: str) -> None:
        self.health_button.setEnabled(not what)
        self.switch_button.setEnabled(not what)
        self.head.explanation.setText(what or "What needs you, and the flow of tracks through the layers")

    @Slot()
    def _on_switch(self) -> None:
        self.action_asked.emit("stack.start" if self.switch_button.text() == "Start stack" else "stack.stop")

    @Slot()
    def _on_deploy(self) -> None:
        self.action_asked.emit("deploy.new")

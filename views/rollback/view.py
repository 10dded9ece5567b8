"""The rollback screen: the present release, the way back, recent runs, and a rollback while it runs."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Plan, Run
from controllers import marks, run_rows
from controllers.clock import Clock
from controllers.monitor import Freshness, Snapshot
from controllers.rollback import RollbackController, RollbackOffer
from controllers.rows import RowsModel
from controllers.wording import sentence
from views.rollback.dialog import RollbackDialog
from views.run.controls import RunControls
from views.run.run_view import RunView
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, GAP_M, button, column, label, row
from views.widgets.card import Card
from views.widgets.page import PageHead
from views.widgets.row_list import RowList


class RollbackView(QWidget):
    """Shows the home of the screen or the run that is followed."""

    def __init__(
        self, theme: Theme, controller: RollbackController, clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._controller = theme, controller
        self.dialog: RollbackDialog | None = None
        self.head = PageHead("Rollback", "Take back a deployment, and see what earlier runs did")
        self.roll_button = button("Roll back…", "danger", name="rollback-open")
        self.banner = Banner(theme)
        self.present = label("", "heading", wrap=True)
        self._explanation = label(
            "A rollback starts what ran before; nothing is built anew. You choose how much goes back: the "
            "services, the database, everything, or the state of a backup. Afterwards health check and smoke "
            "tests verify the result.",
            "muted",
            wrap=True,
        )
        self.runs = RowsModel(self)
        self.list = RowList(theme, self.runs, "Recent runs")
        self._none = label(
            "No run yet. Deployments and rollbacks of this environment are listed here.", "muted"
        )
        self.run = RunView(theme, controller.follower, clock)
        RunControls(self.run, controller.follower, self._environment)
        self._states = QStackedWidget()
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.head.add(self.roll_button)
        now = Card("Now")
        now.body.addLayout(column(self.present, self._explanation, gap=GAP_M))
        recent = Card("Recent runs · open one to see its steps and output")
        recent.body.addWidget(self._none)
        recent.body.addWidget(self.list, 1)
        home = QWidget()
        home_layout = column(self.head, self.banner, now, recent, gap=GAP_L)
        home_layout.setStretch(3, 1)
        home.setLayout(home_layout)
        self.run.leave_button.setText("All runs")
        self.run.leave_button.setAccessibleName("All runs")
        self._states.addWidget(home)
        self._states.addWidget(self.run)
        self.setLayout(row(self._states))

    def _wire(self) -> None:
        controller = self._controller
        self.roll_button.clicked.connect(controller.offer)
        self.list.activated.connect(self._on_open)
        self.list.clicked.connect(self._on_open)
        self.run.back_asked.connect(controller.leave)
        self.run.resume_asked.connect(controller.resume)
        controller.offered.connect(self._on_offered)
        controller.planned.connect(self._on_planned)
        controller.plan_failed.connect(self._on_plan_failed)
        controller.following.connect(self._on_following)
        controller.listed.connect(self._on_listed)
        controller.failed.connect(self._on_failed)
        controller.busy_changed.connect(self._on_busy)
        controller.follower.changed.connect(self._on_run)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Say what runs now."""
        status = snapshot.status
        if status is None or snapshot.freshness is Freshness.UNKNOWN:
            self.present.setText("What runs now is unknown.")
        elif not status.deployed:
            self.present.setText("Nothing is deployed here, so there is nothing to roll back.")
        else:
            schema = f", schema {status.schema_revision}" if status.schema_revision else ""
            self.present.setText(f"Release {status.release} runs{schema}.")
        at_work = snapshot.active is not None and snapshot.active.state.is_active
        self.roll_button.setEnabled(not at_work)
        self.roll_button.setToolTip("A run is at work; wait for it or stop it first." if at_work else "")
        self.run.show_holder(status.lock if status is not None else None)

    @Slot(object)
    def _on_offered(self, offer: RollbackOffer) -> None:
        environment = self._controller.environment
        if environment is None:
            return
        self.banner.hide()
        self.dialog = RollbackDialog(self._theme, offer, environment, self.window())
        self.dialog.plan_asked.connect(self._controller.plan)
        self.dialog.confirmed.connect(self._controller.start)
        self.dialog.closed.connect(self._on_dialog_closed)
        self.dialog.ask()

    @Slot()
    def _on_dialog_closed(self) -> None:
        self.dialog = None

    @Slot(object)
    def _on_planned(self, plan: Plan) -> None:
        if self.dialog is not None:
            self.dialog.show_plan(plan)

    @Slot(object)
    def _on_plan_failed(self, error: OperatorError) -> None:
        if self.dialog is not None:
            self.dialog.show_error(error)

    @Slot(bool)
    def _on_following(self, following: bool) -> None:
        self._states.setCurrentIndex(1 if following else 0)

    @Slot(object)
    def _on_run(self, run: Run) -> None:
        """The outcome and what verified it, above the steps, once the run has ended."""
        if not run.state.is_finished or not run.message:
            return
        mark = marks.of_run(run.state)
        self.run.banner.show_outcome(mark, sentence(run.message), run)

    @Slot(object)
    def _on_listed(self, runs: Sequence[Run]) -> None:
        self.runs.replace(run_rows.run_rows(runs))
        self._none.setVisible(not runs)
        self.list.setVisible(bool(runs))

    @Slot(QModelIndex)
    def _on_open(self, _index: QModelIndex) -> None:
        if key := self.list.chosen():
            self._controller.follow(key)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        self.roll_button.setEnabled(not busy)

    def _environment(self) -> Environment | None:
        return self._controller.environment

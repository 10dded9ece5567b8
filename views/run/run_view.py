"""A run while it runs and afterwards: steps at the left, the step looked at and the output at the right."""

from PySide6.QtCore import QModelIndex, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Control, Run, RunKind, RunState, Step
from backend.contracts.stack import LockHolder
from controllers import run_rows
from controllers.clock import Clock
from controllers.rows import RowsModel
from controllers.run_follower import RunFollower
from controllers.wording import local_time
from views.run.step_panel import StepPanel
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, label, row
from views.widgets.card import Card
from views.widgets.output_panel import OutputPanel
from views.widgets.page import PageHead
from views.widgets.row_list import RowList

NARROW = 1000
_STOPPABLE = (RunState.PREPARING, RunState.RUNNING, RunState.PAUSED, RunState.WATCHING)


class RunView(QWidget):
    """Follows what a RunFollower reads.

    Signals: `control_asked` with a Control the operator pressed (stopping ones are confirmed by the owner);
    `back_asked` when a finished run may be left; `resume_asked` when an interrupted one shall go on;
    `test_asked` when a deployment that is only watched shall be tried out.
    """

    control_asked = Signal(object)
    back_asked = Signal()
    resume_asked = Signal()
    test_asked = Signal()

    def __init__(
        self, theme: Theme, follower: RunFollower, clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._follower, self._clock = follower, clock
        self._run: Run | None = None
        self._picked = ""
        self._asked: Control | None = None
        self.head = PageHead("Run")
        self.pause_button = button("Pause after step", name="run-pause")
        self.stop_button = button("Stop…", name="run-stop")
        self.back_out_button = button("Stop and roll back…", "danger", name="run-stop-and-roll-back")
        self.test_button = button("Run the end-to-end test", name="run-end-to-end")
        self.resume_button = button("Continue the run", "primary", name="run-resume")
        self.leave_button = button("Show the result", "primary", name="run-leave")
        self.banner = Banner(theme)
        self.steps = RowsModel(self)
        self.step_list = RowList(theme, self.steps, "Steps", stepper=True)
        self._holder = label("", "faint", wrap=True)
        self._panel = StepPanel(theme)
        self.output = OutputPanel(theme, follower.log)
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.head.add(self.pause_button, self.stop_button, self.back_out_button)
        self.head.add(self.test_button, self.resume_button, self.leave_button)
        steps = Card()
        steps.outer.setContentsMargins(8, 8, 8, 12)
        steps.body.addWidget(self.step_list, 1)
        steps.body.addLayout(row(self._holder, margin=(9, 0, 9, 0)))
        self._steps_card = steps
        right = column(self._panel, self.output, gap=GAP_L)
        right.setStretch(1, 1)
        body = row(steps, right, gap=GAP_L)
        layout = column(self.head, self.banner, body, gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The list of steps gives way where there is little room."""
        self._steps_card.setFixedWidth(250 if event.size().width() < NARROW else 292)
        super().resizeEvent(event)

    def _wire(self) -> None:
        self._follower.changed.connect(self.show_run)
        self._follower.failed.connect(self._on_failed)
        self._follower.asked.connect(self._on_asked)
        self.step_list.clicked.connect(self._on_picked)
        self.step_list.activated.connect(self._on_picked)
        self.step_list.selectionModel().currentChanged.connect(self._on_current)
        self.pause_button.clicked.connect(self._on_pause)
        self.stop_button.clicked.connect(self._on_stop)
        self.back_out_button.clicked.connect(self._on_back_out)
        self.test_button.clicked.connect(self.test_asked)
        self.resume_button.clicked.connect(self.resume_asked)
        self.leave_button.clicked.connect(self.back_asked)
        self._tick = QTimer(self, interval=1000)
        self._tick.timeout.connect(self._refresh)

    @Slot(object)
    def show_run(self, run: Run) -> None:
        """Show `run` as the journal has it."""
        if self._run is None or self._run.id != run.id:
            self._picked, self._asked = "", None
            self.banner.hide()
        elif self._run.state is not run.state:
            announce(self, f"{run_rows.title(run)}: {run.state.value}")
            self._asked = None
        self._run = run
        self._refresh()

    def show_holder(self, holder: LockHolder | None) -> None:
        """Say who holds the environment's lock."""
        if holder is None:
            self._holder.setText("")
            return
        reason = f"\n“{holder.reason}”" if holder.reason else ""
        since = local_time(holder.since, "%H:%M")
        self._holder.setText(f"Lock held by {holder.operator}@{holder.host}{reason}, since {since}")

    @Slot()
    def _refresh(self) -> None:
        run = self._run
        if run is None:
            return
        now = self._clock()
        word, tone = run_rows.headline(run)
        self.head.title.setText(run_rows.title(run))
        self.head.pill.show_state(word, tone)
        self.head.explanation.setText(run_rows.progress_line(run, now))
        self.steps.replace(run_rows.step_rows(run, now))
        self._show_step(run)
        self._show_buttons(run)
        self._tick.start() if run.state.is_active else self._tick.stop()

    def _show_step(self, run: Run) -> None:
        step = self._looked_at(run)
        if step is not None:
            self.step_list.choose(step.plan.key)
            self._panel.show_step(step, self._clock())

    def _looked_at(self, run: Run) -> Step | None:
        """The step the operator picked, else the one at work, else the last one."""
        picked = next((step for step in run.steps if step.plan.key == self._picked), None)
        return picked or run.current_step or (run.steps[-1] if run.steps else None)

    def _show_buttons(self, run: Run) -> None:
        at_work = run.state in _STOPPABLE
        paused = run.state is RunState.PAUSED
        # While a run is only watched there is no next step to pause before.
        self.pause_button.setVisible(at_work and run.state is not RunState.WATCHING)
        self.stop_button.setVisible(at_work)
        # A rollback of a rollback is never offered: both sides are kept, and the operator decides.
        self.back_out_button.setVisible(at_work and run.kind is RunKind.DEPLOY)
        self.pause_button.setText("Continue" if paused else "Pause after step")
        self.pause_button.setAccessibleName(self.pause_button.text())
        if self._asked is Control.PAUSE and not paused:
            self.pause_button.setText("Pausing…")
        self.pause_button.setEnabled(self._asked is None)
        self.stop_button.setEnabled(self._asked not in (Control.STOP, Control.STOP_AND_ROLL_BACK))
        self.back_out_button.setEnabled(self._asked is not Control.STOP_AND_ROLL_BACK)
        watching = run.state is RunState.WATCHING and run.kind is RunKind.DEPLOY
        self.test_button.setVisible(watching)
        self.resume_button.setVisible(run.state is RunState.INTERRUPTED)
        self.leave_button.setVisible(run.state.is_finished)

    @Slot(QModelIndex)
    def _on_picked(self, _index: QModelIndex) -> None:
        self._pick(self.step_list.chosen())

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, _now: QModelIndex, _before: QModelIndex) -> None:
        """Arrow keys pick too; the view's own moves come without the keyboard in the list."""
        if self.step_list.hasFocus():
            self._pick(self.step_list.chosen())

    def _pick(self, key: str) -> None:
        current = self._run.current_step if self._run is not None else None
        # Picking the step at work means: follow the work again.
        self._picked = "" if current is not None and current.plan.key == key else key
        if self._run is not None:
            self._show_step(self._run)

    @Slot()
    def _on_pause(self) -> None:
        paused = self._run is not None and self._run.state is RunState.PAUSED
        self.control_asked.emit(Control.CONTINUE if paused else Control.PAUSE)

    @Slot()
    def _on_stop(self) -> None:
        self.control_asked.emit(Control.STOP)

    @Slot()
    def _on_back_out(self) -> None:
        self.control_asked.emit(Control.STOP_AND_ROLL_BACK)

    @Slot(object)
    def _on_asked(self, control: Control) -> None:
        self._asked = control
        if self._run is not None:
            self._show_buttons(self._run)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self._asked = None
        self.banner.show_error(error, self._run.environment if self._run is not None else "")

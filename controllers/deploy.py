"""The deployment screen's controller: options, plan, start, follow, recover."""

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, Plan, Recovery, Run, RunKind, RunState
from controllers.deploy_wizard import DeployWizard, Page, page_for
from controllers.operations import Background, Operation
from controllers.ports import RunsPort
from controllers.run_follower import RunFollower


class DeployController(QObject):
    """Moves the wizard and talks to the engine.

    Signals: `page_changed` with a Page; `planned` with a Plan; `recovery_found` with a Recovery;
    `rollback_started` with a run id; `failed` with an OperatorError; `busy_changed` with a flag.
    """

    page_changed = Signal(object)
    planned = Signal(object)
    recovery_found = Signal(object)
    rollback_started = Signal(str)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, runs: RunsPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.environment: Environment | None = None
        self.wizard = DeployWizard()
        self.options = DeployOptions()
        self.plan: Plan | None = None
        self.recovery: Recovery | None = None
        self.follower = RunFollower(runs, background, self)
        self.follower.changed.connect(self._on_run)
        self.follower.failed.connect(self.failed)
        self._planning = self._operation(background, self._on_planned)
        self._starting = self._operation(background, self._on_started)
        self._probing = self._operation(background, self._on_recovery)
        self._resuming = self._operation(background, self._on_resumed)
        self._taking_back = self._operation(background, self._on_rollback_started)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment; a run followed in the old one goes on there unseen."""
        self.environment = environment
        for operation in (self._planning, self._starting, self._probing, self._resuming, self._taking_back):
            operation.cancel()
        self.restart()

    def consider(self, active: Run | None) -> None:
        """What was seen at work, by whomever it was started.

        A wizard that has started nothing turns to it. A recovery page whose run has been decided elsewhere
        reads it again. A result stays until the operator leaves it.
        """
        if self._starting.busy or self._resuming.busy or self._taking_back.busy:
            return
        if self.wizard.page is Page.RECOVERY:
            if self.follower.run_id is not None and not _is_interrupted(active, self.follower.run_id):
                self.follower.follow(self.follower.run_id)
        elif self.wizard.is_preparing and active is not None and active.kind is RunKind.DEPLOY:
            self.attach(active)

    def show(self, run: Run) -> None:
        """Turn to `run` because the operator asked for it."""
        if self.follower.run_id != run.id or self.wizard.is_preparing:
            self.attach(run)

    def attach(self, run: Run) -> None:
        """Show `run`, follow it while it is at work, look at what it left when it was interrupted."""
        self.follower.follow(run.id)
        self._go(self.wizard.attach(run))
        self._probe_if_interrupted(run)

    def restart(self) -> None:
        """Begin a new deployment with the options of the environment."""
        if self.environment is None:
            return
        self.follower.detach()
        self.plan = self.recovery = None
        self.options = DeployOptions(watch_minutes=self.environment.default_watch_minutes)
        self._go(self.wizard.restart(self.environment.tier))

    def make_plan(self, options: DeployOptions) -> None:
        """Go to the plan page and work the plan out; `planned` brings it."""
        self.options, self.plan = options, None
        if self.environment is not None:
            self._go(self.wizard.forward())
            self._planning.run(partial(self._runs.plan_deploy, self.environment.name, options))

    def forward(self) -> None:
        """Go on from the plan or the confirmation: the next page, or the start."""
        if self.wizard.starts_next:
            self._start()
        else:
            self._go(self.wizard.forward())

    def back(self) -> None:
        """Return to the page before."""
        self._planning.cancel()
        self._go(self.wizard.back())

    def show_steps(self) -> None:
        """From the result to the steps and their output."""
        self._go(self.wizard.show_steps())

    def show_result(self) -> None:
        """From the steps of a finished run to its result."""
        if self.follower.run is not None:
            self._go(self.wizard.attach(self.follower.run))

    def resume(self) -> None:
        """Go on with the interrupted run."""
        if self.follower.run_id is not None:
            self._resuming.run(partial(self._runs.resume, self.follower.run_id))

    def roll_back_interrupted(self) -> None:
        """Take the interrupted run back."""
        if self.follower.run_id is not None:
            self._taking_back.run(partial(self._runs.roll_back_interrupted, self.follower.run_id))

    def _start(self) -> None:
        if self.environment is not None:
            self._starting.run(partial(self._runs.start_deploy, self.environment.name, self.options))

    def _probe_if_interrupted(self, run: Run) -> None:
        if page_for(run.state) is Page.RECOVERY:
            self.recovery = None
            self._probing.run(partial(self._runs.recovery, run.id))

    def _go(self, page: Page) -> None:
        self.page_changed.emit(page)

    @Slot(object)
    def _on_planned(self, plan: Plan) -> None:
        self.plan = plan
        self.planned.emit(plan)

    @Slot(object)
    def _on_started(self, run_id: str) -> None:
        self.wizard.show_steps()
        self.follower.follow(run_id)
        self._go(Page.RUN)

    @Slot(object)
    def _on_resumed(self, _nothing: object) -> None:
        if self.follower.run_id is not None:
            self._on_started(self.follower.run_id)

    @Slot(object)
    def _on_rollback_started(self, run_id: str) -> None:
        self.restart()
        self.rollback_started.emit(run_id)

    @Slot(object)
    def _on_recovery(self, recovery: Recovery) -> None:
        self.recovery = recovery
        self.recovery_found.emit(recovery)

    @Slot(object)
    def _on_run(self, run: Run) -> None:
        """A run that ended or was interrupted while it was watched turns the page."""
        page = page_for(run.state)
        turns = self.wizard.page is Page.RECOVERY or page is not Page.RUN
        if turns and self.wizard.page is not page:
            self._go(self.wizard.attach(run))
            self._probe_if_interrupted(run)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.failed.emit(error)

    @Slot()
    def _on_started_work(self) -> None:
        self.busy_changed.emit(True)

    @Slot()
    def _on_finished_work(self) -> None:
        self.busy_changed.emit(False)

    def _operation(self, background: Background, succeeded: object) -> Operation:
        operation = Operation(background, self)
        operation.started.connect(self._on_started_work)
        operation.succeeded.connect(succeeded)
        operation.failed.connect(self._on_failed)
        operation.finished.connect(self._on_finished_work)
        return operation


def _is_interrupted(active: Run | None, run_id: str) -> bool:
    return active is not None and active.id == run_id and active.state is RunState.INTERRUPTED

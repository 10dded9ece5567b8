"""A sample engine: runs that advance when they are told to."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Sequence
from datetime import timedelta

from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Backup,
    Control,
    DeployOptions,
    OutputLine,
    Plan,
    ProbedStep,
    ProbeState,
    Recovery,
    RollbackChoice,
    RollbackOptions,
    Run,
    RunKind,
    RunState,
    StepState,
)
from controllers.clock import Clock
from tests.gui.sample.plan import sample_plan
from tests.gui.sample.rollbacks import backups, choices, rollback_plan, rollback_run
from tests.gui.sample.story import output_until, run_at


class SampleRuns:
    """The runs port over runs kept in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept: dict[str, Run] = {}
        self.lines: dict[str, list[OutputLine]] = {}
        self.controls: list[Control] = []
        self.resumed: list[str] = []
        self.started: list[DeployOptions | RollbackOptions] = []
        self.error: OperatorError | None = None

    def plan_deploy(self, environment: str, options: DeployOptions) -> Plan:
        """The playbook's ten steps."""
        self._complain()
        return sample_plan(options, environment)

    def plan_rollback(self, environment: str, options: RollbackOptions) -> Plan:
        """Three or four steps."""
        self._complain()
        return rollback_plan(environment, options)

    def rollback_choices(self, environment: str) -> Sequence[RollbackChoice]:
        """Services, database, everything, to a backup."""
        self._complain()
        return choices()

    def backups(self, environment: str) -> Sequence[Backup]:
        """Three backups, one of them not proven."""
        return backups(self._clock())

    def start_deploy(self, environment: str, options: DeployOptions) -> str:
        """A run at its first step."""
        self._complain()
        self.started.append(options)
        return self.keep(run_at(sample_plan(options, environment), options, 1, self._clock())).id

    def start_rollback(self, environment: str, options: RollbackOptions) -> str:
        """A rollback at its first step."""
        self._complain()
        self.started.append(options)
        return self.keep(rollback_run(environment, options, self._clock(), RunState.RUNNING)).id

    def resume(self, run_id: str) -> None:
        """Go on where it was interrupted."""
        self._complain()
        self.resumed.append(run_id)
        run = self.kept[run_id]
        if run.kind is RunKind.DEPLOY:
            self.keep(self._at(run, self._place(run), RunState.RUNNING))

    def roll_back_interrupted(self, run_id: str) -> str:
        """Take it back."""
        self._complain()
        run = self.kept[run_id]
        self.keep(run.model_copy(update={"state": RunState.SUPERSEDED, "finished_at": self._clock()}))
        return self.start_rollback(run.environment, RollbackOptions(reason=f"take back {run_id}"))

    def runs(self, environment: str, limit: int) -> Sequence[Run]:
        """Newest first."""
        found = [run for run in self.kept.values() if run.environment == environment]
        return sorted(found, key=lambda run: run.created_at, reverse=True)[:limit]

    def run(self, run_id: str) -> Run:
        """One run."""
        return self.kept[run_id]

    def active_run(self, environment: str) -> Run | None:
        """The unfinished one."""
        return next((run for run in self.runs(environment, 50) if not run.state.is_finished), None)

    def recovery(self, run_id: str) -> Recovery:
        """What a probe would find."""
        run = self.kept[run_id]
        place = self._place(run)
        return Recovery(
            run=run,
            steps=tuple(
                ProbedStep(
                    key=step.plan.key,
                    title=step.plan.title,
                    recorded=step.state,
                    found=_found(step.plan.number, place),
                    explanation=_explanation(step.plan.number, place),
                )
                for step in run.steps
            ),
            summary=f"Steps 1 to {place - 1} are done. Step {place} is half done: api-gateway-internal runs "
            "on the new release, dlq-manager was not started. The steps after it have not begun.",
        )

    def output(self, run_id: str, after: int, limit: int) -> Sequence[OutputLine]:
        """Lines above `after`."""
        # Sequence numbers are places from 1, so no line has to be looked at.
        return self.lines[run_id][after : after + limit]

    def control(self, run_id: str, control: Control) -> None:
        """Note what was asked, and obey."""
        self._complain()
        self.controls.append(control)
        state = {
            Control.PAUSE: RunState.PAUSED,
            Control.CONTINUE: RunState.RUNNING,
            Control.STOP: RunState.STOPPED,
            Control.STOP_AND_ROLL_BACK: RunState.ROLLED_BACK,
        }[control]
        self.keep(self._at(self.kept[run_id], self._place(self.kept[run_id]), state))

    def keep(self, run: Run, lines: int = 10) -> Run:
        """Put a run into the journal with some output."""
        self.kept[run.id] = run
        self.lines.setdefault(run.id, output_until(run, lines))
        return run

    def advance(self, run_id: str, place: int, state: RunState = RunState.RUNNING) -> Run:
        """Bring a deployment to step `place`."""
        return self.keep(self._at(self.kept[run_id], place, state))

    def age(self, run_id: str, by: timedelta) -> None:
        """Move a run into the past, for lists."""
        run = self.kept[run_id]
        moved = {"created_at": run.created_at - by}
        if run.finished_at is not None:
            moved["finished_at"] = run.finished_at - by
        self.kept[run_id] = run.model_copy(update=moved)

    def _at(self, run: Run, place: int, state: RunState) -> Run:
        options = run.deploy_options or DeployOptions()
        return run_at(run.plan, options, place, self._clock(), state=state, run_id=run.id)

    def _complain(self) -> None:
        if self.error is not None:
            raise self.error

    @staticmethod
    def _place(run: Run) -> int:
        at_work = (StepState.RUNNING, StepState.UNKNOWN, StepState.FAILED, StepState.PENDING)
        return next((step.plan.number for step in run.steps if step.state in at_work), len(run.steps) + 1)


def _found(number: int, place: int) -> ProbeState:
    if number == place:
        return ProbeState.PARTIAL
    return ProbeState.DONE if number < place else ProbeState.ABSENT


def _explanation(number: int, place: int) -> str:
    if number == place:
        return "api-gateway-internal runs on the new release; dlq-manager was not started"
    return "found as the journal says" if number < place else "has not begun"

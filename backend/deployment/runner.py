"""Carries out the steps of a run, one after the other, and writes down what comes of each."""

import time
import traceback
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Control, Finding, PlannedStep, ProbeState, RunState, StepState
from backend.database.lock import LockLostError
from backend.database.migrations.failures import MigrationRefusedError
from backend.deployment.context import LooksOnly, RunContext, Step, StepFailedError, StepReport

_PAUSE_POLL_SECONDS = 0.2


class Ending(Enum):
    """How a sequence of steps ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    ROLL_BACK = "roll back"
    LOCK_LOST = "lock lost"
    """Somebody else may be at work: nothing more may be changed, not even taken back."""


class Outcome:
    """How the steps ended, and which step with what, if one failed.

    `refused`: the step found before it began that it must not; it changed nothing.
    """

    def __init__(
        self,
        ending: Ending,
        step: str = "",
        message: str = "",
        findings: Sequence[Finding] = (),
        *,
        refused: bool = False,
    ) -> None:
        self.refused = refused
        self.ending = ending
        self.step = step
        self.message = message
        self.findings = findings


class HeldLock(Protocol):
    """The deployment lock, as far as the steps need it."""

    def check(self) -> None:
        """Raise LockLostError unless it is still held."""


class StepRunner:
    """Runs planned steps in order, obeying the operator between them."""

    def __init__(self, context: RunContext, steps: Mapping[str, Step], lock: HeldLock | None) -> None:
        self._context = context
        self._steps = steps
        self._lock = lock

    def run(self, planned: Sequence[PlannedStep], state: RunState, *, obey: bool = True) -> Outcome:
        """Run the steps that are not done yet; `state` is the run's state meanwhile.

        With `obey` off the operator cannot interrupt: a rollback is carried to its end.
        """
        recorded = {
            step.plan.key: step.state for step in self._context.reader.run(self._context.run_id).steps
        }
        for plan in planned:
            if plan.key not in self._steps or plan.skipped:
                continue
            if recorded.get(plan.key) is StepState.DONE and self._still_holds(plan):
                continue
            if obey:
                ending = self._obey(state)
                if ending is not None:
                    return Outcome(ending)
            outcome = self._run_step(plan)
            if outcome is not None:
                return outcome
        return Outcome(Ending.COMPLETED)

    def _still_holds(self, plan: PlannedStep) -> bool:
        """Whether what a former runner finished is still there: the journal is not believed alone."""
        step = self._steps[plan.key]
        return isinstance(step, LooksOnly) or step.probe(self._context).state in (
            ProbeState.DONE,
            ProbeState.UNKNOWN,
        )

    def _run_step(self, plan: PlannedStep) -> Outcome | None:
        context = self._context
        report = StepReport(context.journal, context.run_id, plan)
        context.journal.start_step(context.run_id, plan.key)
        for command in plan.commands:
            report.output("$", command)
        try:
            if self._lock is not None:
                self._lock.check()
            message = self._steps[plan.key].act(context, report)
        except StepFailedError as error:
            return self._failed(plan, report, str(error), error.findings)
        except LockLostError as error:
            return self._failed(plan, report, error.sentence(), (), Ending.LOCK_LOST)
        except OperatorError as error:
            outcome = self._failed(plan, report, error.sentence(), ())
            outcome.refused = isinstance(error, MigrationRefusedError)
            return outcome
        except Exception as error:  # noqa: BLE001 - a defect of ours must still end in the journal
            for line in traceback.format_exc().splitlines():
                report.output("engine", line)
            return self._failed(plan, report, f"Unexpected {type(error).__name__}: {error}", ())
        context.journal.finish_step(context.run_id, plan.key, StepState.DONE, message)
        return None

    def _failed(
        self,
        plan: PlannedStep,
        report: StepReport,
        message: str,
        findings: Sequence[Finding],
        ending: Ending = Ending.FAILED,
    ) -> Outcome:
        report.output("engine", f"failed: {message}")
        report.give_up(message)
        self._context.journal.finish_step(self._context.run_id, plan.key, StepState.FAILED, message)
        return Outcome(ending, plan.key, message, findings)

    def _obey(self, state: RunState) -> Ending | None:
        """Do what the operator asked for since the last step; None to go on."""
        journal, run_id = self._context.journal, self._context.run_id
        paused = False
        while True:
            control = journal.take_control(run_id)
            if control is Control.STOP:
                return Ending.STOPPED
            if control is Control.STOP_AND_ROLL_BACK:
                return Ending.ROLL_BACK
            if control is Control.PAUSE:
                paused = True
                journal.set_run(run_id, RunState.PAUSED)
            elif control is Control.CONTINUE:
                paused = False
                journal.set_run(run_id, state)
            elif not paused:
                return None
            else:
                time.sleep(_PAUSE_POLL_SECONDS)

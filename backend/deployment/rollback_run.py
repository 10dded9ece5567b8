"""A rollback that an operator asked for."""

from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode, RollbackOptions, Run, RunState
from backend.database.lock import LockHeldError
from backend.deployment.context import RunContext
from backend.deployment.interval_report import IntervalReporter
from backend.deployment.rollback_basis import RollbackBasis
from backend.deployment.rollback_steps import rollback_steps
from backend.deployment.rollback_task import RollbackTask
from backend.deployment.run_lock import RunLock
from backend.deployment.runner import Ending, StepRunner


class RollbackRun:
    """Carries out one run of kind rollback; resuming an interrupted one is the same call."""

    def __init__(self, context: RunContext, run: Run) -> None:
        self._context = context
        self._run = run
        self._reporter = IntervalReporter(context)

    def execute(self) -> int:
        """Do everything, and return the exit code that the journal has too."""
        try:
            self._context.target.prepare(self._output)
            lock = RunLock(self._context.target.operations_database(), self._run)
            lock.acquire()
        except LockHeldError as error:
            return self._end(RunState.LOCKED, str(error), ExitCode.LOCKED)
        except OperatorError as error:
            refused = error.exit_code == ExitCode.REFUSED
            state = RunState.REFUSED if refused else RunState.FAILED
            return self._end(state, error.sentence(), error.exit_code)
        try:
            self._context.journal.set_run(self._run.id, RunState.ROLLING_BACK)
            self._reporter.begin()
            runner = StepRunner(self._context, rollback_steps(self._task()), lock)
            outcome = runner.run(self._run.plan.steps, RunState.ROLLING_BACK)
        finally:
            lock.release()
            self._reporter.end()
        if outcome.ending is Ending.COMPLETED:
            return self._completed()
        if outcome.ending in (Ending.STOPPED, Ending.ROLL_BACK):
            text = (
                "Stopped as asked for, before the rollback was complete. Start the rollback again to finish."
            )
            return self._end(RunState.STOPPED, text, ExitCode.FAILED)
        text = (
            f"The rollback failed: {outcome.message} Nothing was deleted; mend the cause and roll back again."
        )
        return self._end(RunState.ROLLBACK_FAILED, text, ExitCode.ROLLBACK_FAILED)

    def _completed(self) -> int:
        """Say what was measured, not what was planned."""
        services = [s for s in self._context.target.services() if s.name in SERVICES and s.process_id]
        releases = sorted({service.release for service in services})
        runs = f"Services run release {', '.join(releases)}." if releases else "No service runs now."
        self._context.journal.set_run(
            self._run.id,
            RunState.SUCCEEDED,
            f"Rolled back and verified. {runs}",
            exit_code=ExitCode.DONE,
            release_after=", ".join(releases),
        )
        self._mark_parent()
        return ExitCode.DONE

    def _mark_parent(self) -> None:
        """A deployment that was interrupted or stopped half way is settled by its rollback."""
        if self._run.parent is None:
            return
        parent = self._context.reader.run(self._run.parent)
        if parent.state is RunState.INTERRUPTED:
            text = f"Interrupted, then rolled back by {self._run.id}."
            self._context.journal.set_run(parent.id, RunState.ROLLED_BACK, text, exit_code=ExitCode.FAILED)

    def _task(self) -> RollbackTask:
        fact = self._context.reader.fact(self._run.id, "basis")
        basis = RollbackBasis.from_fact(fact) if fact else None
        return RollbackTask(self._run.rollback_options or RollbackOptions(), basis)

    def _end(self, state: RunState, message: str, code: int) -> int:
        self._context.journal.set_run(self._run.id, state, message, exit_code=code)
        return code

    def _output(self, source: str, text: str) -> None:
        self._context.journal.write_output(self._run.id, self._run.plan.steps[0].key, source, text)

"""A deployment from the lock to its outcome."""

from datetime import timedelta

from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode, RollbackOptions, RollbackScope, Run, RunState, StepState
from backend.database.lock import LockHeldError, LockLostError
from backend.deployment import playbook
from backend.deployment.checks import blocking
from backend.deployment.context import RunContext
from backend.deployment.interval_report import IntervalReporter
from backend.deployment.journal import now
from backend.deployment.matrix import Decision, decide
from backend.deployment.rollback_basis import find_basis, last_good
from backend.deployment.rollback_plan import plan_rollback
from backend.deployment.rollback_steps import rollback_steps
from backend.deployment.rollback_task import RollbackTask
from backend.deployment.run_lock import RunLock
from backend.deployment.runner import Ending, Outcome, StepRunner
from backend.deployment.steps import deployment_steps
from backend.deployment.watch import RollBackAskedError, Watch


class DeployRun:
    """Carries out one run of kind deploy; resuming an interrupted one is the same call."""

    def __init__(self, context: RunContext, run: Run) -> None:
        self._context = context
        self._run = run
        self._reporter = IntervalReporter(context)

    def execute(self) -> int:
        """Do everything, and return the exit code that the journal has too."""
        unfit = self._preflight()
        if unfit is not None:
            return unfit
        try:
            self._context.target.prepare(self._output)
            lock = RunLock(self._context.target.operations_database(), self._run)
            lock.acquire()
        except LockHeldError as error:
            return self._cannot_begin(RunState.LOCKED, error.sentence(), ExitCode.LOCKED)
        except OperatorError as error:
            self._context.journal.start_step(self._run.id, playbook.VALIDATE)
            self._context.journal.finish_step(
                self._run.id, playbook.VALIDATE, StepState.FAILED, error.sentence()
            )
            refused = error.exit_code == ExitCode.REFUSED
            state = RunState.REFUSED if refused else RunState.FAILED
            return self._cannot_begin(state, error.sentence(), error.exit_code)
        try:
            code = self._under_lock(lock)
        finally:
            lock.release()
            self._reporter.end()
        if code is not None:
            return code
        try:
            return Watch(self._context, self._run).execute()
        except RollBackAskedError:
            return self._roll_back_watched()

    def _cannot_begin(self, state: RunState, text: str, code: int) -> int:
        """End as `state`; a resumed run stays interrupted instead, with the reason: it has changed things."""
        idle = (StepState.PENDING, StepState.SKIPPED)
        if any(s.state not in idle and s.plan.key != playbook.VALIDATE for s in self._run.steps):
            self._context.journal.set_run(self._run.id, RunState.RUNNING, text)
            return code
        return self._end(state, text, code)

    def _roll_back_watched(self) -> int:
        """Take back a deployment whose lock was given back when its watch began."""
        lock = RunLock(self._context.target.operations_database(), self._run)
        try:
            lock.acquire()
        except OperatorError as error:
            text = f"The rollback could not begin: {error.sentence()}"
            return self._end(RunState.FAILED, text, error.exit_code)
        try:
            self._reporter.begin()
            return self._roll_back(lock, RollbackScope.FULL, "Ended during the watch, as asked for.")
        finally:
            lock.release()
            self._reporter.end()

    def _preflight(self) -> int | None:
        """Look at the machine before anything is started; an exit code when it cannot carry the stack."""
        bad = blocking(self._context.target.check_host())
        if not bad:
            return None
        text = " ".join(f"{f.title}: {f.evidence}. {f.remedy}" for f in bad)
        self._output("validate", text)
        return self._cannot_begin(RunState.REFUSED, f"Nothing was changed. {text}", ExitCode.REFUSED)

    def _under_lock(self, lock: RunLock) -> int | None:
        """Steps 1 to 9, and the rollback if they fail. None when the watch is to follow."""
        context, run = self._context, self._run
        self._remember_services()
        self._reporter.begin()
        scope = context.reader.fact(run.id, "rollback_scope")
        if scope is not None:
            return self._roll_back(lock, RollbackScope(scope), "The run was interrupted.")
        context.journal.set_run(run.id, RunState.RUNNING)
        runner = StepRunner(context, deployment_steps(), lock)
        outcome = runner.run(run.plan.steps, RunState.RUNNING)
        if outcome.ending is Ending.COMPLETED:
            return self._completed()
        if outcome.ending is Ending.STOPPED:
            text = "Stopped as asked for. What is done stays; roll back or deploy again."
            return self._end(RunState.STOPPED, text, ExitCode.FAILED)
        if outcome.ending is Ending.ROLL_BACK:
            return self._roll_back(lock, RollbackScope.FULL, "Stopped as asked for.")
        if outcome.ending is Ending.LOCK_LOST:
            return self._lost(outcome.message)
        return self._failed(lock, outcome)

    def _lost(self, message: str) -> int:
        """Without the lock nothing may be taken back either: somebody else may be at work."""
        text = f"{message} This run changed nothing more and took nothing back."
        return self._end(RunState.FAILED, text, ExitCode.FAILED)

    def _remember_services(self) -> None:
        """Keep what ran before, once: a resumed run must not take its own services for former ones."""
        if self._context.reader.fact(self._run.id, "services_before") is not None:
            return
        running = {s.name: s.release or None for s in self._context.target.services() if s.name in SERVICES}
        before = last_good(self._context.reader, self._run.environment, running)
        self._context.journal.set_fact(self._run.id, "services_before", before)

    def _completed(self) -> int | None:
        minutes = self._run.deploy_options.watch_minutes if self._run.deploy_options else 0
        text = f"Release {self._run.plan.release} is deployed and verified."
        if not minutes:
            return self._end(RunState.SUCCEEDED, text, ExitCode.DONE, release_after=self._run.plan.release)
        self._context.journal.set_run(
            self._run.id,
            RunState.WATCHING,
            f"{text} It is watched for {minutes} minutes in the background.",
            release_after=self._run.plan.release,
            exit_code=ExitCode.DONE,
            watch_until=(self._run.watch_until or now() + timedelta(minutes=minutes)).isoformat(),
        )
        return None

    def _failed(self, lock: RunLock, outcome: Outcome) -> int:
        if outcome.step == playbook.VALIDATE:
            text = f"Nothing was changed. {outcome.message}"
            return self._end(RunState.REFUSED, text, ExitCode.REFUSED)
        if outcome.refused:
            text = f"{outcome.message} This step applied no migration of the music database."
            return self._end(RunState.FAILED, text, ExitCode.FAILED)
        decision = decide(outcome.step, outcome.findings)
        self._output("engine", decision.reason)
        automatic = self._run.deploy_options is None or self._run.deploy_options.automatic_rollback
        if decision.scope is None or not automatic:
            return self._end(RunState.FAILED, self._left_as_is(outcome, decision), ExitCode.FAILED)
        return self._roll_back(lock, decision.scope, outcome.message)

    def _left_as_is(self, outcome: Outcome, decision: Decision) -> str:
        if decision.scope is None:
            return f"{outcome.message} {decision.reason}"
        return (
            f"{outcome.message} Automatic rollback is off: roll back with ./scripts/rollback_deployment.sh."
        )

    def _roll_back(self, lock: RunLock, scope: RollbackScope, cause: str) -> int:
        self._context.journal.set_run(self._run.id, RunState.ROLLING_BACK, cause)
        self._context.journal.set_fact(self._run.id, "rollback_scope", scope.value)
        try:
            lock.check()
            return self._take_back(lock, scope, cause)
        except LockLostError as error:
            return self._lost(f"{cause} {error.sentence()}")
        except OperatorError as error:
            text = f"{cause} The rollback could not begin: {error.sentence()}"
            return self._end(RunState.ROLLBACK_FAILED, text, ExitCode.ROLLBACK_FAILED)

    def _take_back(self, lock: RunLock, scope: RollbackScope, cause: str) -> int:
        context, run = self._context, self._run
        basis = find_basis(context.target, context.reader, run.id)
        task = RollbackTask(RollbackOptions(scope=scope), basis)
        if scope is RollbackScope.DATABASE and (basis is None or not basis.migrations):
            text = f"{cause} The failed migration left nothing behind, so nothing had to be taken back."
            return self._end(RunState.ROLLED_BACK, text, ExitCode.FAILED)
        plan = plan_rollback(context.target, context.reader, task.options, basis)
        offset = len(run.plan.steps)
        steps = [s.model_copy(update={"number": offset + s.number}) for s in plan.steps]
        context.journal.append_steps(run.id, steps)
        outcome = StepRunner(context, rollback_steps(task), lock).run(
            steps, RunState.ROLLING_BACK, obey=False
        )
        if outcome.ending is Ending.COMPLETED:
            text = f"{cause} Rolled back ({_words(scope)}) and verified."
            return self._end(RunState.ROLLED_BACK, text, ExitCode.FAILED)
        text = (
            f"{cause} The rollback failed too: {outcome.message} Nothing was deleted; see the run's output."
        )
        return self._end(RunState.ROLLBACK_FAILED, text, ExitCode.ROLLBACK_FAILED)

    def _end(self, state: RunState, message: str, code: int, **columns: object) -> int:
        self._context.journal.set_run(self._run.id, state, message, exit_code=code, **columns)
        return code

    def _output(self, source: str, text: str) -> None:
        step = self._context.reader.run(self._run.id).current_step
        self._context.journal.write_output(self._run.id, step.plan.key if step else "", source, text)


def _words(scope: RollbackScope) -> str:
    return {
        RollbackScope.SERVICES: "services only",
        RollbackScope.DATABASE: "database only",
        RollbackScope.FULL: "everything",
    }[scope]

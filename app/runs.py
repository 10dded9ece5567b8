"""Plans, starts and follows runs: one engine below window and command line."""

from collections.abc import Callable, Sequence
from pathlib import Path

from backend.clients.json_service import WriteGuard
from backend.contracts.access import refuse_production
from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Backup,
    Control,
    DeployOptions,
    ExitCode,
    OutputLine,
    Plan,
    Recovery,
    RollbackChoice,
    RollbackOptions,
    RollbackScope,
    Run,
    RunKind,
    RunState,
)
from backend.database import medallion
from backend.database.backup_files import check_file
from backend.database.restore import what_would_be_lost
from backend.deployment import rollback_plan
from backend.deployment.context import RunContext
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.deployment.launcher import Launcher, operator_name
from backend.deployment.planning import plan_deploy
from backend.deployment.recovery import recovery
from backend.deployment.rollback_basis import RollbackBasis, find_bases, find_basis
from backend.deployment.rollback_texts import Stakes
from backend.targets.port import Target


class Runs:
    """The runs port of the controllers, and what the command line uses."""

    def __init__(
        self,
        target: Callable[[str], Target],
        reader: JournalReader,
        journal: Journal,
        launcher: Launcher,
        guard: WriteGuard = refuse_production,
    ) -> None:
        self._target = target
        self._reader = reader
        self._journal = journal
        self._launcher = launcher
        self._guard = guard

    def plan_deploy(self, environment: str, options: DeployOptions) -> Plan:
        """Work out what a deployment would do."""
        return plan_deploy(self._target(environment), self._reader, options)

    def plan_rollback(self, environment: str, options: RollbackOptions) -> Plan:
        """Work out what a rollback would do; a backup that cannot be used is refused here."""
        target = self._target(environment)
        options = self._with_backup(target, options)
        return rollback_plan.plan_rollback(
            target, self._reader, options, find_basis(target, self._reader, scope=options.scope)
        )

    def rollback_choices(self, environment: str) -> Sequence[RollbackChoice]:
        """The ways to roll back from the present state."""
        target = self._target(environment)
        backup = next((one for one in target.backups().list() if one.verified), None)
        bases = find_bases(target, self._reader)
        stakes = _stakes(target, backup)
        return rollback_plan.choices(target, self._reader, bases, backup, stakes)

    def backups(self, environment: str) -> Sequence[Backup]:
        """Backups, newest first."""
        return self._target(environment).backups().list()

    def start_deploy(self, environment: str, options: DeployOptions) -> str:
        """Start a deployment; refused while an interrupted run waits for a decision."""
        self._refuse_when_interrupted(environment)
        target = self._target(environment)
        self._guard(target.environment)
        plan = plan_deploy(target, self._reader, options)
        return self._launcher.start(plan, options, release_before=_running_release(target))

    def start_rollback(self, environment: str, options: RollbackOptions) -> str:
        """Start a rollback of the newest deployment that was not taken back."""
        self._refuse_when_interrupted(environment)
        target = self._target(environment)
        self._guard(target.environment)
        options = self._with_backup(target, options)
        return self._start_rollback(target, options, find_basis(target, self._reader, scope=options.scope))

    def resume(self, run_id: str) -> None:
        """Go on with an interrupted run."""
        self._guard(self._target(self._reader.run(run_id).environment).environment)
        self._launcher.resume(run_id)

    def roll_back_interrupted(self, run_id: str) -> str:
        """Take an interrupted deployment back; an interrupted rollback is carried to its end instead."""
        run = self._reader.run(run_id)
        if run.state is not RunState.INTERRUPTED:
            raise OperatorError(
                f"The run {run_id} is {run.state.value}, not interrupted.",
                "Roll back in the usual way.",
                exit_code=ExitCode.REFUSED,
            )
        target = self._target(run.environment)
        self._guard(target.environment)
        if run.kind is RunKind.ROLLBACK:
            self._launcher.resume(run_id)
            return run_id
        basis = find_basis(target, self._reader, run_id)
        options = RollbackOptions(scope=RollbackScope.FULL, reason=f"{run_id} was interrupted")
        return self._start_rollback(target, options, basis)

    def runs(self, environment: str, limit: int) -> Sequence[Run]:
        """Runs, newest first."""
        return self._reader.runs(environment, limit)

    def run(self, run_id: str) -> Run:
        """One run as the journal has it now."""
        return self._reader.run(run_id)

    def active_run(self, environment: str) -> Run | None:
        """The run that is at work or was interrupted."""
        return self._reader.active_run(environment)

    def recovery(self, run_id: str) -> Recovery:
        """Probe what an interrupted run left behind."""
        run = self._reader.run(run_id)
        context = RunContext(
            run_id=run.id,
            target=self._target(run.environment),
            release=run.plan.release,
            journal=self._journal,
            reader=self._reader,
            operator=run.operator,
            options=run.deploy_options or DeployOptions(),
        )
        return recovery(context, run)

    def output(self, run_id: str, after: int, limit: int) -> Sequence[OutputLine]:
        """Output lines with a sequence number above `after`."""
        return self._reader.output(run_id, after, limit)

    def control(self, run_id: str, control: Control) -> None:
        """Ask the runner for something."""
        run = self._reader.run(run_id)
        if not run.state.is_active:
            raise OperatorError(
                f"The run {run_id} is {run.state.value}: nobody is there to {control.value}.",
                "Look at its outcome; an interrupted run can be continued or rolled back.",
                exit_code=ExitCode.REFUSED,
            )
        self._journal.ask(run_id, control, operator_name())

    def _start_rollback(self, target: Target, options: RollbackOptions, basis: RollbackBasis | None) -> str:
        plan = rollback_plan.plan_rollback(target, self._reader, options, basis)
        facts = {"basis": basis.to_fact()} if basis else {}
        return self._launcher.start(
            plan,
            options,
            parent=basis.deployment if basis else None,
            release_before=_running_release(target),
            facts=facts,
        )

    def _refuse_when_interrupted(self, environment: str) -> None:
        run = self._reader.active_run(environment)
        if run is None or run.state is not RunState.INTERRUPTED:
            return
        found = self.recovery(run.id)
        raise OperatorError(
            found.summary,
            f"Go on with: main.py deploy --resume {run.id} · or take it back with: "
            f"main.py rollback --interrupted {run.id}",
            exit_code=ExitCode.REFUSED,
        )

    def _with_backup(self, target: Target, options: RollbackOptions) -> RollbackOptions:
        """The options with the backup's full path, after the file was found to be usable."""
        if options.backup is None:
            return options
        path = Path(options.backup).expanduser()
        if not path.is_absolute() and not path.exists():
            path = target.backups().folder / path
        path = path.absolute()
        check_file(path, target.backups().binaries)
        return options.model_copy(update={"backup": str(path)})


def _stakes(target: Target, backup: Backup | None) -> Stakes:
    """What a rollback would lose, as far as the database answers."""
    try:
        layers = medallion.layer_counts(target.musicdb())
        changed = what_would_be_lost(Path(backup.path), target.musicdb()) if backup else None
    except OperatorError:
        return Stakes()
    return Stakes(layers, sum(changed.values()) if changed is not None else None)


def _running_release(target: Target) -> str:
    return next((s.release for s in target.services() if s.name in SERVICES and s.release), "")

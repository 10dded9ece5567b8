"""The steps of a rollback. Each may run twice: what is already taken back is left alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ProbeState
from backend.database import restore
from backend.deployment import rollback_plan as plan
from backend.deployment.context import Probe, RunContext, Step, StepFailedError, StepReport
from backend.deployment.rollback_task import RollbackTask
from backend.deployment.rollback_verify import Verify, schema_is_older
from backend.deployment.steps.services import start_and_prove, status_of

LABEL = "pre_rollback"


def rollback_steps(task: RollbackTask) -> Mapping[str, Step]:
    """All rollback steps by key; a plan names those it uses."""
    steps: Sequence[Step] = (
        SafetyBackup(),
        StopServices(task),
        RollBackDatabase(task),
        StartPrevious(task),
        Verify(task),
    )
    return {step.key: step for step in steps}


class SafetyBackup:
    """A backup of the state that is about to be replaced."""

    key = plan.SAFETY_BACKUP

    def act(self, context: RunContext, report: StepReport, /) -> str:
        """Make it, or keep the one made before an interruption."""
        own = next(
            (b for b in context.target.backups().list() if b.run == context.run_id and b.verified), None
        )
        if own is None:
            report.checking("created")
            own = context.target.backups().create(LABEL, context.run_id, lambda t: report.output("backup", t))
        report.met("created", own.path)
        return Path(own.path).name

    def probe(self, context: RunContext, /) -> Probe:
        """Whether this run's verified backup is there."""
        made = any(b.run == context.run_id and b.verified for b in context.target.backups().list())
        return Probe(
            ProbeState.DONE if made else ProbeState.ABSENT, "verified backup" if made else "no backup"
        )


class StopServices:
    """Stops what will be replaced, in the reverse order of starting."""

    key = plan.STOP

    def __init__(self, task: RollbackTask) -> None:
        self._task = task

    def act(self, context: RunContext, report: StepReport, /) -> str:
        """Stop; a service that shall go on with its own release is remembered for the start."""
        releases = {s.name: s.release for s in context.target.services() if s.name in SERVICES and s.release}
        if context.reader.fact(context.run_id, "services_at_stop") is None:
            context.journal.set_fact(context.run_id, "services_at_stop", releases)
        changing = {s: r for s, r in self._task.services_after.items() if releases.get(s) != r}
        affected = releases if self._task.options.backup else self._to_stop(changing)
        stopped = [s for s in reversed(SERVICES) if s in affected and s in releases]
        for service in stopped:
            context.target.stop_service(service, report.output)
        report.met("stopped", ", ".join(stopped) or "none had to be")
        return f"{len(stopped)} services stopped" if stopped else "nothing to stop"

    def _to_stop(self, changing: Mapping[str, str | None]) -> Mapping[str, str | None]:
        """One that another release takes over from is replaced in place, and so away for a moment only."""
        if self._task.stops_first:
            return changing
        return {service: release for service, release in changing.items() if release is None}

    def probe(self, context: RunContext, /) -> Probe:
        """Which services still run."""
        running = [s.name for s in context.target.services() if s.name in SERVICES and s.process_id]
        state = ProbeState.ABSENT if running else ProbeState.DONE
        return Probe(state, f"running: {', '.join(running) or 'none'}")


class RollBackDatabase:
    """Takes the deployment's migrations back, or swaps a restored backup in."""

    key = plan.DATABASE

    def __init__(self, task: RollbackTask) -> None:
        self._task = task

    def act(self, context: RunContext, report: StepReport, /) -> str:
        """Do it; the present database is kept when a backup takes its place."""
        if self._task.options.backup:
            return self._restore(context, report, self._task.options.backup)
        return self._revert(context, report)

    def probe(self, context: RunContext, /) -> Probe:
        """Whether the migrations are gone, or the restored database is in place."""
        if self._task.options.backup:
            done = context.reader.fact(context.run_id, "replaced_database")
            return Probe(ProbeState.DONE if done else ProbeState.ABSENT, done or "not swapped")
        try:
            left = self._still_applied(context)
        except OperatorError as error:
            return Probe(ProbeState.UNKNOWN, error.message)
        return Probe(ProbeState.ABSENT if left else ProbeState.DONE, f"{len(left)} migrations to take back")

    def _revert(self, context: RunContext, report: StepReport) -> str:
        basis = self._task.basis
        if basis is None or not self._task.migrations_to_revert:
            report.criterion("reverted", CriterionState.NOT_APPLICABLE, "the deployment applied none")
            return "no migration to take back"
        report.checking("reverted")
        runner = self._task.migration_runner(context.target)
        reverted = runner.revert_batches_of_run(
            basis.deployment, progress=lambda line: report.output("migrate", line)
        )
        left = self._still_applied(context)
        if left:
            report.failed("reverted", f"still applied: {', '.join(left)}")
            raise StepFailedError(f"{len(left)} migrations could not be taken back.")
        revision = runner.current_revision()[:3]
        report.met("reverted", f"{len(reverted)} taken back, schema {revision or 'empty'}")
        return f"{len(reverted)} migrations taken back"

    def _still_applied(self, context: RunContext) -> list[str]:
        status = self._task.migration_runner(context.target).status()
        names = [one.migration.name for one in status if one.applied]
        return [name for name in names if name in self._task.migrations_to_revert]

    def _restore(self, context: RunContext, report: StepReport, backup: str) -> str:
        report.checking("checked")
        done = restore.restore(
            Path(backup),
            context.target.musicdb(),
            context.run_id,
            progress=lambda line: report.output("restore", line),
            binaries=context.target.backups().binaries,
        )
        context.journal.set_fact(context.run_id, "replaced_database", done.replaced_database)
        report.met("checked", backup)
        report.met("restored", f"{done.rows:,} rows")
        report.met(
            "swapped", f"in {done.swap_seconds:.2f} s; the former one is kept as {done.replaced_database}"
        )
        return f"{done.rows:,} rows restored"


class StartPrevious:
    """Starts what ran before."""

    key = plan.START

    def __init__(self, task: RollbackTask) -> None:
        self._task = task

    def act(self, context: RunContext, report: StepReport, /) -> str:
        """Start each service from its former release; those that had none stay stopped."""
        wanted = self._wanted(context)
        if schema_is_older(self._task, context):
            return self._start_unproved(context, report, wanted)
        failed = [
            str(error)
            for service in SERVICES
            if (release := wanted.get(service))
            and (error := _start(_on_release(context, release), report, service))
        ]
        if failed:
            raise StepFailedError(" ".join(failed))
        started = [s for s in SERVICES if wanted.get(s)]
        if not started:
            report.criterion("started", CriterionState.NOT_APPLICABLE, "no release ran before")
            return "nothing to start"
        report.met("started", ", ".join(f"{s} on {wanted[s]}" for s in started))
        return f"{len(started)} services started"

    def _start_unproved(
        self, context: RunContext, report: StepReport, wanted: Mapping[str, str | None]
    ) -> str:
        """The schema that was chosen is older than the release: it will not be healthy, and was announced."""
        for service in SERVICES:
            if release := wanted.get(service):
                context.target.start_service(service, release, report.output)
        text = "started on a schema older than their release, so they report degraded"
        report.criterion("started", CriterionState.WARNING, text)
        return text

    def probe(self, context: RunContext, /) -> Probe:
        """Which of them run on their former release."""
        wanted = {s: r for s, r in self._wanted(context).items() if r}
        running = [s for s, r in wanted.items() if status_of(context, s).release == r]
        state = ProbeState.DONE if len(running) == len(wanted) else ProbeState.PARTIAL
        return Probe(state, f"{len(running)} of {len(wanted)} run on their former release")

    def _wanted(self, context: RunContext) -> Mapping[str, str | None]:
        at_stop: Mapping[str, str] = context.reader.fact(context.run_id, "services_at_stop", {})
        kept = at_stop if self._task.options.backup else {}
        return {**kept, **self._task.services_after}


def _start(context: RunContext, report: StepReport, service: str) -> StepFailedError | None:
    """Start one service; its failure, so that the others are started all the same."""
    try:
        start_and_prove(context, report, service)
    except StepFailedError as error:
        return error
    return None


def _on_release(context: RunContext, release: str) -> RunContext:
    return RunContext(
        run_id=context.run_id,
        target=context.target,
        release=release,
        journal=context.journal,
        reader=context.reader,
        operator=context.operator,
        options=context.options,
    )

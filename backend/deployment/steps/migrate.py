"""Step 3: the schema."""

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ProbeState
from backend.database.migrations.runner import MigrationRunner
from backend.deployment import playbook
from backend.deployment.context import Probe, RunContext, StepFailedError, StepReport
from backend.targets.port import Target


def medallion_runner(target: Target, release: str = "") -> MigrationRunner:
    """The music database's migrations, as the source tree has them, or as `release` came with them."""
    return MigrationRunner(target.musicdb(), target.migrations("medallion", release))


def operations_runner(target: Target) -> MigrationRunner:
    """Queues and dead letters, in the database that no rollback touches."""
    return MigrationRunner(target.operations_database(), target.migrations("operations"))


class MigrateStep:
    """Applies what is pending in both databases."""

    key = playbook.MIGRATE

    def act(self, context: RunContext, report: StepReport) -> str:
        """Apply the pending migrations; those of this run are taken back by a rollback."""
        report.checking("applied")
        applied: list[str] = []
        for runner in (operations_runner(context.target), medallion_runner(context.target)):
            applied += [
                migration.name
                for migration in runner.apply(
                    run=context.run_id,
                    applied_by=context.operator,
                    progress=lambda line: report.output("migrate", line),
                )
            ]
        return self._judge(context, report, applied)

    def probe(self, context: RunContext) -> Probe:
        """How many of the migrations are in the database."""
        try:
            runner = medallion_runner(context.target)
            pending, known = len(runner.pending()), len(runner.status())
        except OperatorError as error:
            return Probe(ProbeState.UNKNOWN, error.message)
        if not pending:
            return Probe(ProbeState.DONE, f"{known} of {known} migrations are applied")
        state = ProbeState.ABSENT if pending == known else ProbeState.PARTIAL
        return Probe(state, f"{known - pending} of {known} migrations are applied")

    def _judge(self, context: RunContext, report: StepReport, applied: list[str]) -> str:
        runner = medallion_runner(context.target)
        pending = runner.pending()
        if pending:
            report.failed("applied", f"{len(pending)} still pending")
            raise StepFailedError(f"{len(pending)} migrations are still pending after the run.")
        revision = runner.current_revision()[:3]
        report.met("applied", f"{len(applied)} applied, schema {revision}")
        report.met("verified", "each verified inside its own transaction")
        report.met("no-rollback", "none")
        return (
            f"{len(applied)} migrations · schema {revision}"
            if applied
            else f"nothing to do · schema {revision}"
        )

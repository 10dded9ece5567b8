"""The last step of a rollback: what is really there now, compared with what was planned."""

from collections.abc import Sequence

from backend.contracts.environment import SERVICES
from backend.contracts.runs import CriterionState, Finding
from backend.deployment import rollback_plan as plan
from backend.deployment.checks.health import check_service, releases, wait
from backend.deployment.context import LooksOnly, RunContext, StepFailedError, StepReport
from backend.deployment.rollback_task import RollbackTask

_HEALTH_SECONDS = 30.0


class Verify(LooksOnly):
    """Looks at what is there after the rollback and compares it with what was planned."""

    key = plan.VERIFY

    def __init__(self, task: RollbackTask) -> None:
        self._task = task

    def act(self, context: RunContext, report: StepReport, /) -> str:
        """Probe services, schema and health."""
        self._services(context, report)
        revision = self._schema(context, report)
        self._health(context, report)
        return f"verified · schema {revision or 'empty'}"

    def _services(self, context: RunContext, report: StepReport) -> None:
        seen = {s.name: s for s in context.target.services() if s.name in SERVICES}
        wrong = [
            f"{name} runs {seen[name].release or 'nothing'} instead of {release or 'nothing'}"
            for name, release in self._task.services_after.items()
            if (seen[name].release or None) != release or (release is None and seen[name].process_id)
        ]
        if wrong:
            report.failed("services", "; ".join(wrong))
            raise StepFailedError(f"After the rollback {wrong[0]}.")
        words = [f"{n} {'on ' + s.release if s.process_id else 'stopped'}" for n, s in seen.items()]
        report.met("services", ", ".join(words))

    def _schema(self, context: RunContext, report: StepReport) -> str:
        runner = self._task.migration_runner(context.target)
        revision = runner.current_revision()[:3]
        left = {one.migration.name for one in runner.status() if one.applied} & set(
            self._task.migrations_to_revert
        )
        if left:
            report.failed("schema", f"still applied: {', '.join(sorted(left))}")
            raise StepFailedError(f"After the rollback {len(left)} migrations are still applied.")
        report.met("schema", revision or "empty, as before the first deployment")
        return revision

    def _health(self, context: RunContext, report: StepReport) -> None:
        running = [s.name for s in context.target.services() if s.name in SERVICES and s.process_id]
        if not running:
            report.criterion("health", CriterionState.NOT_APPLICABLE, "no service runs, as planned")
            return
        patience = 0.0 if schema_is_older(self._task, context) else _HEALTH_SECONDS
        expected = releases(context.target)
        with context.client() as client:
            found = wait(
                lambda: [check_service(client, name, expected.get(name, "")) for name in running],
                patience,
                _silent,
            )
        bad = [f for f in found if f.state is not CriterionState.MET]
        if not bad:
            report.met("health", f"{len(found)} of {len(found)} healthy")
            return
        text = ", ".join(f"{f.key}: {f.evidence}" for f in bad)
        if schema_is_older(self._task, context):
            report.criterion(
                "health", CriterionState.WARNING, f"the schema is older than the release: {text}"
            )
            return
        report.failed("health", text)
        raise StepFailedError(f"After the rollback {text}.")


def schema_is_older(task: RollbackTask, context: RunContext) -> bool:
    """Whether the operator chose to leave the running release on a schema older than it needs."""
    return not task.services_after and bool(task.migration_runner(context.target).pending())


def _silent(_findings: Sequence[Finding]) -> None:
    """The last look is reported; those before it are not."""

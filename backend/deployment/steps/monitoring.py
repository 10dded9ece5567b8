"""Step 9: the stack is being watched."""

from backend.contracts.runs import CriterionState
from backend.deployment import playbook
from backend.deployment.checks import failures
from backend.deployment.checks.monitoring import check
from backend.deployment.context import LooksOnly, RunContext, StepFailedError, StepReport


class MonitoringStep(LooksOnly):
    """Metrics, Prometheus and Grafana."""

    key = playbook.MONITORING

    def act(self, context: RunContext, report: StepReport) -> str:
        """Look at what the environment has of monitoring."""
        with context.client() as client:
            found = list(check(context.target.environment, client))
        report.findings(found)
        bad = failures(found)
        if bad:
            raise StepFailedError(f"{bad[0].title}: {bad[0].evidence}. {bad[0].remedy}".strip(), bad)
        met = sum(1 for f in found if f.state is CriterionState.MET)
        return f"{met} checks passed"

"""Step 9: the stack is being watched."""

import time

from backend.clients.services import ServiceClient
from backend.contracts.runs import CriterionState, Finding
from backend.deployment import playbook
from backend.deployment.checks import failures
from backend.deployment.checks.monitoring import check
from backend.deployment.context import LooksOnly, RunContext, StepFailedError, StepReport

SCRAPE_SECONDS = 40.0
"""How long Prometheus may take to see what was just started: twice its scrape interval, and some."""
_POLL_SECONDS = 1.0


class MonitoringStep(LooksOnly):
    """Metrics, Prometheus and Grafana."""

    key = playbook.MONITORING

    def act(self, context: RunContext, report: StepReport) -> str:
        """Look at what the environment has of monitoring, until Prometheus has seen the new services too."""
        with context.client() as client:
            found = self._look(context, client)
        report.findings(found)
        bad = failures(found)
        if bad:
            raise StepFailedError(f"{bad[0].title}: {bad[0].evidence}. {bad[0].remedy}".strip(), bad)
        met = sum(1 for f in found if f.state is CriterionState.MET)
        return f"{met} checks passed"

    def _look(self, context: RunContext, client: ServiceClient) -> list[Finding]:
        """A target that was down when it was scraped last stays down until the next scrape."""
        deadline = time.monotonic() + SCRAPE_SECONDS
        while True:
            found = list(check(context.target.environment, client))
            bad = failures(found)
            if time.monotonic() > deadline or not any(finding.key == "prometheus" for finding in bad):
                return found
            time.sleep(_POLL_SECONDS)

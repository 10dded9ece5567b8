"""Step 7: every part of the stack says that it is healthy."""

from backend.deployment import playbook
from backend.deployment.checks import blocking
from backend.deployment.checks.health import check, wait
from backend.deployment.context import LooksOnly, RunContext, StepFailedError, StepReport

WAIT_SECONDS = 60.0
"""The playbook's `--wait --timeout 60`."""


class HealthStep(LooksOnly):
    """The comprehensive health check, waited for."""

    key = playbook.HEALTH

    def act(self, context: RunContext, report: StepReport) -> str:
        """Look until everything is healthy, or the time is up."""
        with context.client() as client:
            found = wait(lambda: check(context.target, client), WAIT_SECONDS, report.findings)
        bad = blocking(found)
        if bad:
            raise StepFailedError(f"{bad[0].title}: {bad[0].evidence}. {bad[0].remedy}".strip(), bad)
        return f"{len(found)} parts healthy"

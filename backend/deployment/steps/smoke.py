"""Step 8: the smoke tests."""

from backend.contracts.runs import Finding
from backend.deployment import playbook
from backend.deployment.checks import failures, smoke
from backend.deployment.context import LooksOnly, RunContext, StepFailedError, StepReport


class SmokeStep(LooksOnly):
    """Runs the ten smoke tests and shows each as it ends."""

    key = playbook.SMOKE

    def act(self, context: RunContext, report: StepReport) -> str:
        """Run all of them, failed ones included, so that the picture is whole."""
        found: list[Finding] = []
        with context.client() as client:
            for result in smoke.run(context.target, client):
                found.append(result)
                report.findings([result])
                report.output("smoke", f"{result.title}: {result.state.value} ({result.evidence})")
        bad = failures(found)
        if bad:
            names = ", ".join(f"{f.title} ({f.evidence})" for f in bad)
            raise StepFailedError(f"{len(bad)} of {len(found)} smoke tests failed: {names}", bad)
        return f"{len(found)} of {len(found)} passed"

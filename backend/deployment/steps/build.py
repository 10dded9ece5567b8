"""Step 4: the release that the services will start from."""

from backend.contracts.runs import ProbeState
from backend.deployment import playbook
from backend.deployment.context import Probe, RunContext, StepFailedError, StepReport

LARGEST_BYTES = 500 * 10**6
"""The playbook's limit for an image."""


class BuildStep:
    """Builds the release; what runs is not touched."""

    key = playbook.BUILD

    def act(self, context: RunContext, report: StepReport) -> str:
        """Build, unless the run built it already."""
        report.checking("built")
        release = context.target.build(context.release, report.output)
        report.met("built", f"release {release.id} · {release.digest[:12]}")
        size = release.size_bytes
        if size > LARGEST_BYTES:
            report.failed("size", f"{size / 1e6:.0f} MB")
            raise StepFailedError(f"The release has {size / 1e6:.0f} MB; the playbook allows 500 MB.")
        report.met("size", f"{size / 1e6:.0f} MB")
        return f"release {release.id} · {size / 1e6:.0f} MB"

    def probe(self, context: RunContext) -> Probe:
        """Whether the complete release is there."""
        if context.target.release(context.release) is None:
            return Probe(ProbeState.ABSENT, f"release {context.release} is not complete")
        return Probe(ProbeState.DONE, f"release {context.release} is complete")

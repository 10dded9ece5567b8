"""The playbook's rollback decision matrix: which failure takes back what."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.contracts.runs import Finding, RollbackScope
from backend.deployment import playbook
from backend.deployment.checks import blocking, failures


@dataclass(frozen=True)
class Decision:
    """What a failure calls for."""

    scope: RollbackScope | None
    """What is taken back by itself; None for nothing."""
    reason: str


def decide(step: str, findings: Sequence[Finding]) -> Decision:
    """What the failure of `step` calls for; `findings` are those the step failed with."""
    if step == playbook.MIGRATE:
        return Decision(RollbackScope.DATABASE, "A failed migration takes back the database, automatically.")
    if step in (playbook.NEW_SERVICES, playbook.UPDATE_SERVICES):
        return Decision(RollbackScope.SERVICES, "A failed service deployment takes back the services only.")
    if step == playbook.HEALTH:
        return Decision(RollbackScope.FULL, "Failed health checks take back everything.")
    if step == playbook.SMOKE:
        return _evaluate_smoke(findings)
    if step == playbook.BUILD:
        return Decision(None, "A failed build touched nothing that runs: mend it and deploy again.")
    return Decision(None, "Nothing that runs was changed by this step, so nothing is taken back.")


def _evaluate_smoke(findings: Sequence[Finding]) -> Decision:
    critical, all_failed = blocking(findings), failures(findings)
    if critical:
        names = ", ".join(found.title for found in critical)
        return Decision(RollbackScope.SERVICES, f"Critical smoke tests failed ({names}): services go back.")
    if len(all_failed) > 1:
        return Decision(RollbackScope.SERVICES, f"{len(all_failed)} smoke tests failed: services go back.")
    return Decision(None, "One lesser smoke test failed: judge yourself whether to roll back.")

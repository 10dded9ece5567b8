import pytest

from backend.contracts.runs import CriterionState, Finding, RollbackScope
from backend.deployment import playbook
from backend.deployment.matrix import decide


def _failed(critical: bool) -> Finding:
    return Finding(key="x", title="X", state=CriterionState.FAILED, evidence="no", critical=critical)


@pytest.mark.parametrize(
    ("step", "scope"),
    [
        (playbook.VALIDATE, None),
        (playbook.BACKUP, None),
        (playbook.MIGRATE, RollbackScope.DATABASE),
        (playbook.BUILD, None),
        (playbook.NEW_SERVICES, RollbackScope.SERVICES),
        (playbook.UPDATE_SERVICES, RollbackScope.SERVICES),
        (playbook.HEALTH, RollbackScope.FULL),
        (playbook.MONITORING, None),
    ],
)
def test_the_matrix_is_the_playbooks(step: str, scope: RollbackScope | None) -> None:
    assert decide(step, []).scope is scope


def test_one_lesser_smoke_failure_is_left_to_the_operator() -> None:
    assert decide(playbook.SMOKE, [_failed(critical=False)]).scope is None


def test_critical_or_several_smoke_failures_take_services_back() -> None:
    assert decide(playbook.SMOKE, [_failed(critical=True)]).scope is RollbackScope.SERVICES
    assert decide(playbook.SMOKE, [_failed(critical=False)] * 2).scope is RollbackScope.SERVICES


def test_unknown_counts_as_failed() -> None:
    unknown = Finding(key="x", title="X", state=CriterionState.UNKNOWN, evidence="nobody told")
    assert decide(playbook.SMOKE, [unknown]).scope is RollbackScope.SERVICES

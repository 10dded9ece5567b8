"""What the overview's list "Needs attention" shows, and which action each line offers."""

from dataclasses import dataclass

from backend.contracts.runs import CriterionState, Finding
from backend.contracts.stack import StackStatus
from controllers import marks
from controllers.marks import Mark


@dataclass(frozen=True)
class AttentionItem:
    """One line: what it is, and the action (an id of the action list) that helps."""

    finding: Finding
    mark: Mark
    action: str
    label: str


# Longest prefix of a finding's key first; the fallback is to copy what is known.
_ACTIONS = (
    ("deployment", "deploy.new", "Deploy…"),
    ("release", "deploy.new", "Deploy…"),
    ("migration", "deploy.new", "Deploy…"),
    ("schema", "deploy.new", "Deploy…"),
    ("interrupted-run", "deploy.open", "Open run"),
    ("failed-run", "rollback.open", "Open runs"),
    ("lock", "deploy.open", "Open run"),
    ("rollback", "rollback.open", "Roll back…"),
    ("stopped", "stack.start", "Start stack"),
    ("service", "stack.health", "Check health"),
    ("breaker", "breakers.open", "Open breakers"),
    ("dead-letters", "dead-letters.open", "Open dead letters"),
    ("database", "stack.health", "Check health"),
    ("credential", "settings.open", "Settings"),
)
COPY = "finding.copy"


def items(status: StackStatus) -> list[AttentionItem]:
    """The problems of `status`, most urgent first as the status has them."""
    return [_item(problem) for problem in status.problems]


def all_clear(status: StackStatus) -> str:
    """What stands in place of the list when nothing needs a person."""
    services = len(status.services)
    return f"Nothing needs you. {services} services answer and no check complains." if services else ""


def count_urgent(status: StackStatus | None) -> int:
    """Problems that are more than a note."""
    urgent = (CriterionState.FAILED, CriterionState.WARNING, CriterionState.UNKNOWN)
    return sum(problem.state in urgent for problem in status.problems) if status is not None else 0


def _item(finding: Finding) -> AttentionItem:
    for prefix, action, label in _ACTIONS:
        if finding.key.startswith(prefix):
            return AttentionItem(finding, marks.of_criterion(finding.state), action, label)
    return AttentionItem(finding, marks.of_criterion(finding.state), COPY, "Copy details")

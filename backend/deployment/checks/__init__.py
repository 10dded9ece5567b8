"""Checks that look at a running stack: health, smoke tests, monitoring. Each answer is a `Finding`."""

from collections.abc import Sequence

from backend.contracts.runs import CriterionState, Finding


def finding(
    key: str, title: str, passed: bool, evidence: str, remedy: str = "", *, critical: bool = True
) -> Finding:
    """A finding that is met or failed; the remedy is kept only when it failed."""
    state = CriterionState.MET if passed else CriterionState.FAILED
    return Finding(
        key=key,
        title=title,
        state=state,
        evidence=evidence,
        remedy="" if passed else remedy,
        critical=critical,
    )


def failures(findings: Sequence[Finding]) -> list[Finding]:
    """Those that failed, or that nothing is known of: unknown never counts as passed."""
    bad = (CriterionState.FAILED, CriterionState.UNKNOWN)
    return [f for f in findings if f.state in bad]


def blocking(findings: Sequence[Finding]) -> list[Finding]:
    """The failures that are critical."""
    return [f for f in failures(findings) if f.critical]

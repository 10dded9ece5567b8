"""What the connection test of an environment found."""

from backend.contracts.runs import CriterionState, Finding, Record

TEST_SECONDS = 10.0
"""A connection test ends after this long, whatever does not answer."""


class ConnectionReport(Record):
    """What is known so far; checks that are still at it stand as CHECKING."""

    environment: str
    seconds: float
    """Since the test began."""
    findings: tuple[Finding, ...]
    finished: bool

    @property
    def verdict(self) -> CriterionState:
        """The worst that was found: FAILED before UNKNOWN before WARNING; CHECKING until it is finished."""
        if not self.finished:
            return CriterionState.CHECKING
        states = {finding.state for finding in self.findings if finding.critical}
        lesser = {finding.state for finding in self.findings}
        for state in (CriterionState.FAILED, CriterionState.UNKNOWN):
            if state in states:
                return state
        doubts = {CriterionState.WARNING, CriterionState.FAILED, CriterionState.UNKNOWN}
        return CriterionState.WARNING if lesser & doubts else CriterionState.MET

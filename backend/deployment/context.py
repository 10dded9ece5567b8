"""What a step is given to work with, and how it reports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from backend.clients.services import ServiceClient
from backend.contracts.runs import (
    Criterion,
    CriterionState,
    DeployOptions,
    Finding,
    PlannedCriterion,
    PlannedStep,
    ProbeState,
)
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.targets.port import Target


class StepFailedError(Exception):
    """A step did not reach its success criteria; the text says why, in a sentence."""

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Probe:
    """What is really there of a step's effect."""

    state: ProbeState
    explanation: str


@dataclass(frozen=True)
class RunContext:
    """Everything about the run that a step may need."""

    run_id: str
    target: Target
    release: str
    journal: Journal
    reader: JournalReader
    operator: str
    options: DeployOptions

    def client(self, timeout: float = 5.0) -> ServiceClient:
        """A client of the stack's services."""
        return ServiceClient(self.target.environment, self.target.admin_token(), timeout)


class StepReport:
    """Writes what a step finds and says into the journal."""

    def __init__(self, journal: Journal, run_id: str, step: PlannedStep) -> None:
        self._journal = journal
        self._run_id = run_id
        self._step = step
        self._texts = {criterion.key: criterion.text for criterion in step.criteria}
        self._checking: set[str] = set()

    def output(self, source: str, text: str) -> None:
        """One line of live output."""
        self._journal.write_output(self._run_id, self._step.key, source, text)

    def criterion(self, key: str, state: CriterionState, evidence: str = "", text: str = "") -> None:
        """What is known of a criterion; `text` for one that the plan did not name."""
        self._checking.discard(key)
        words = self._texts.get(key) or text or key
        found = Criterion(key=key, text=words, state=state, evidence=evidence)
        self._journal.set_criterion(self._run_id, self._step.key, found)

    def met(self, key: str, evidence: str) -> None:
        """A criterion is met, and this shows it."""
        self.criterion(key, CriterionState.MET, evidence)

    def checking(self, key: str) -> None:
        """A criterion is being looked at."""
        self.criterion(key, CriterionState.CHECKING)
        self._checking.add(key)

    def failed(self, key: str, evidence: str) -> None:
        """A criterion is not met, and this shows it."""
        self.criterion(key, CriterionState.FAILED, evidence)

    def give_up(self, evidence: str) -> None:
        """Whatever was being looked at when the step failed is not met."""
        for key in tuple(self._checking):
            self.failed(key, evidence)

    def findings(self, findings: Iterable[Finding]) -> None:
        """Findings as criteria, in their order."""
        for found in findings:
            evidence = found.evidence
            if found.remedy and found.state is CriterionState.FAILED:
                evidence = f"{evidence}. {found.remedy}"
            self.criterion(found.key, found.state, evidence, found.title)


class Step(Protocol):
    """One step of a run. Acting twice must come to the same as acting once."""

    key: str

    def act(self, context: RunContext, report: StepReport, /) -> str:
        """Do it, check the criteria, say the outcome in a few words.

        Raises StepFailedError or OperatorError.
        """

    def probe(self, context: RunContext, /) -> Probe:
        """Look at what is there of the step's effect, without changing anything."""


class LooksOnly:
    """The probe of steps that change nothing."""

    def probe(self, _context: RunContext, /) -> Probe:
        """There is nothing to find."""
        return Probe(ProbeState.ABSENT, "only looks, so there is nothing to take back")


def planned_criteria(pairs: Iterable[tuple[str, str]]) -> tuple[PlannedCriterion, ...]:
    """Criteria of a plan from keys and texts."""
    return tuple(PlannedCriterion(key=key, text=text) for key, text in pairs)


def previous_releases(context: RunContext) -> Mapping[str, str | None]:
    """The release that each service ran before the run; None for a service that did not run."""
    known: Mapping[str, str | None] = context.reader.fact(context.run_id, "services_before", {})
    return known

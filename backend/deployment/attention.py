"""What needs a person, most urgent first."""

from collections.abc import Iterator
from datetime import timedelta

from backend.contracts.environment import SERVICES
from backend.contracts.runs import CriterionState, Finding, Run, RunKind, RunState
from backend.contracts.stack import ServiceState, StackStatus
from backend.deployment.journal import now
from backend.deployment.journal_reader import JournalReader

_RECENT = timedelta(hours=24)


def problems(status: StackStatus, reader: JournalReader) -> Iterator[Finding]:
    """Findings that want somebody to act."""
    yield from _runs(status.environment, reader)
    if not status.deployed:
        return
    yield from _services(status)
    yield from meter_findings(status)
    yield from _breakers(status)
    if status.dead_letters:
        yield _problem(
            "dead-letters",
            f"{status.dead_letters} dead letters wait",
            "Failed enrichments that were kept.",
            "Read their causes, then retry them through the DLQ manager.",
            CriterionState.WARNING,
        )


def meter_findings(status: StackStatus) -> Iterator[Finding]:
    """What the dead letters' meter wants somebody to act on."""
    missing = status.letters_missing
    if missing:
        word = "missing" if missing > 0 else "too many"
        yield _problem(
            "dead-letters-meter",
            f"The dead-letter meter does not balance: {abs(missing)} {word}",
            "What was received and what is kept differ. Nothing may ever be lost, so this is a fault.",
            "Retry, discard and purge nothing. Back up the operations database, then open Dead letters or "
            "run: main.py dead-letters meter",
            CriterionState.FAILED,
        )
    for number, threat in enumerate(status.letters_threatened):
        yield _problem(
            f"dead-letters-threat-{number}",
            "Dead letters are at risk or held up",
            threat,
            "Open Dead letters: the meter says what it is about.",
            CriterionState.WARNING,
        )


def _runs(environment: str, reader: JournalReader) -> Iterator[Finding]:
    newest = next(iter(reader.runs(environment, limit=1)), None)
    if newest is None:
        return
    if newest.state is RunState.INTERRUPTED:
        yield _problem(
            "interrupted-run",
            f"The {newest.kind.value} {newest.id} was interrupted",
            "Its runner ended without finishing.",
            "Continue it or roll it back.",
            CriterionState.FAILED,
        )
    elif newest.state in (RunState.FAILED, RunState.ROLLBACK_FAILED, RunState.INCONCLUSIVE):
        fresh = newest.finished_at is None or now() - newest.finished_at < _RECENT
        if fresh:
            yield _problem(
                "failed-run",
                _ended_badly(newest),
                newest.message,
                "Read its output; deploy again or roll back.",
                CriterionState.FAILED,
            )


def _ended_badly(run: Run) -> str:
    what = "deployment" if run.kind is RunKind.DEPLOY else "rollback"
    if run.state is RunState.INCONCLUSIVE:
        return f"The last {what} was inconclusive"
    and_rollback = run.kind is RunKind.DEPLOY and run.state is RunState.ROLLBACK_FAILED
    return f"The last {what} failed" + (", and its rollback too" if and_rollback else "")


def _services(status: StackStatus) -> Iterator[Finding]:
    for service in status.services:
        deployed = service.name not in SERVICES or service.release
        if not deployed or service.state in (ServiceState.HEALTHY, ServiceState.STARTING):
            continue
        yield _problem(
            f"service-{service.name}",
            f"{service.name} is {service.state.value}",
            service.detail or "It does not run.",
            "Start the stack, or read its log.",
            CriterionState.FAILED,
        )


def _breakers(status: StackStatus) -> Iterator[Finding]:
    for provider, state in (status.breakers or {}).items():
        if state != "closed":
            yield _problem(
                f"breaker-{provider}",
                f"The circuit breaker of {provider} is {state.replace('_', '-')}",
                "Lower sources of the waterfall cover for it meanwhile.",
                "It tries again by itself; check the provider's credentials and limits.",
                CriterionState.WARNING,
            )


def _problem(key: str, title: str, evidence: str, remedy: str, state: CriterionState) -> Finding:
    return Finding(key=key, title=title, state=state, evidence=evidence, remedy=remedy)

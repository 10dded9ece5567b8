"""Checks side by side, with one deadline for all: none that hangs holds up the others or the test."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from backend.contracts.connection import TEST_SECONDS, ConnectionReport
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding

_TICK_SECONDS = 0.5
_LEAST_SECONDS = 0.05


class Deadline:
    """Until when a test may go on; it also ends when it is cancelled."""

    def __init__(self, seconds: float = TEST_SECONDS) -> None:
        self._began = time.monotonic()
        self._end = self._began + seconds
        self.cancelled = threading.Event()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    @property
    def over(self) -> bool:
        """Whether nothing more should be begun."""
        return self.cancelled.is_set() or time.monotonic() >= self._end

    def left(self, most: float = TEST_SECONDS) -> float:
        """Seconds for one operation: at most `most`, and never 0, which sockets take for "do not wait"."""
        return max(_LEAST_SECONDS, min(most, self._end - time.monotonic() - 0.2))


@dataclass(frozen=True)
class Check:
    """One question. `ask` blocks, keeps to the deadline as well as it can, and gives its findings."""

    key: str
    title: str
    ask: Callable[[Deadline], Sequence[Finding]]


def run_checks(environment: str, checks: Sequence[Check], deadline: Deadline) -> Iterator[ConnectionReport]:
    """Reports, each with everything that is known by then; the last one is finished.

    Closing the iterator cancels what is under way. A check that is not back in time is UNKNOWN: its thread
    is left to the timeouts of its sockets.
    """
    answers: queue.SimpleQueue[tuple[Check, Sequence[Finding]]] = queue.SimpleQueue()
    known: dict[str, Sequence[Finding]] = {check.key: [_checking(check)] for check in checks}
    waiting = {check.key: check for check in checks}
    for check in checks:
        threading.Thread(target=_ask, args=(check, deadline, answers), daemon=True).start()
    try:
        while waiting and not deadline.over:
            yield _report(environment, deadline, known, finished=False)
            try:
                check, found = answers.get(timeout=deadline.left(_TICK_SECONDS))
            except queue.Empty:
                continue
            known[check.key] = found
            waiting.pop(check.key, None)
        for check in waiting.values():
            known[check.key] = [_unanswered(check, deadline)]
        yield _report(environment, deadline, known, finished=True)
    finally:
        deadline.cancelled.set()


def _ask(
    check: Check, deadline: Deadline, answers: "queue.SimpleQueue[tuple[Check, Sequence[Finding]]]"
) -> None:
    try:
        found = check.ask(deadline)
    except OperatorError as error:
        found = [failed(check.key, check.title, error.message, error.remedy)]
    except Exception as error:  # noqa: BLE001 - a check that breaks is told as unknown, and the others go on
        evidence = f"the check itself broke: {type(error).__name__}: {error}"
        found = [finding(check.key, check.title, CriterionState.UNKNOWN, evidence, "Please report this.")]
    answers.put((check, found))


def finding(key: str, title: str, state: CriterionState, evidence: str, remedy: str = "") -> Finding:
    """A finding that counts."""
    return Finding(key=key, title=title, state=state, evidence=evidence, remedy=remedy)


def met(key: str, title: str, evidence: str) -> Finding:
    """It is as it should be."""
    return finding(key, title, CriterionState.MET, evidence)


def failed(key: str, title: str, evidence: str, remedy: str) -> Finding:
    """It is not as it should be, and this is what to do."""
    return finding(key, title, CriterionState.FAILED, evidence, remedy)


def not_applicable(key: str, title: str, evidence: str) -> Finding:
    """There is nothing to look at."""
    return finding(key, title, CriterionState.NOT_APPLICABLE, evidence)


def _checking(check: Check) -> Finding:
    return finding(check.key, check.title, CriterionState.CHECKING, "")


def _unanswered(check: Check, deadline: Deadline) -> Finding:
    cancelled = deadline.cancelled.is_set()
    evidence = "stopped before it answered" if cancelled else f"no answer within {deadline.elapsed:.0f} s"
    remedy = "" if cancelled else "Look whether the address is right and a firewall lets it through."
    return finding(check.key, check.title, CriterionState.UNKNOWN, evidence, remedy)


def _report(
    environment: str, deadline: Deadline, known: dict[str, Sequence[Finding]], *, finished: bool
) -> ConnectionReport:
    findings = tuple(one for found in known.values() for one in found)
    return ConnectionReport(
        environment=environment, seconds=round(deadline.elapsed, 2), findings=findings, finished=finished
    )

"""What a stack's status takes from the meter of the dead letters."""

from pydantic import ValidationError

from backend.clients.services import Answer
from backend.contracts.dead_letter_views import Meter, ProblemKind

_UNKNOWN = (ProblemKind.POLICIES_UNCHECKED, ProblemKind.DEPTHS_UNKNOWN)
"""Not known rather than wrong: nothing that a person has to act on."""


def missing(answer: Answer | None) -> int | None:
    """What the meter differs by, counted either way; none while it is not known."""
    meter = _read(answer)
    return None if meter is None else meter.difference or meter.verified_difference or 0


def threatened(answer: Answer | None) -> tuple[str, ...]:
    """What could lose or hold letters, a sentence each."""
    meter = _read(answer)
    if meter is None:
        return ()
    if len(meter.problem_kinds) != len(meter.problems):
        return tuple(meter.problems)
    pairs = zip(meter.problems, meter.problem_kinds, strict=True)
    return tuple(problem for problem, kind in pairs if kind not in _UNKNOWN)


def _read(answer: Answer | None) -> Meter | None:
    if answer is None or not answer.ok:
        return None
    try:
        return Meter.model_validate(answer.body)
    except ValidationError:
        # A manager of another release: what it says of its meter is not known here.
        return None

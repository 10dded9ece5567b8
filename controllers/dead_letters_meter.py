"""What the meter says that somebody has to act on: letters that are missing, and what could lose some."""

from dataclasses import dataclass
from typing import Final

from backend.contracts.dead_letter_views import Meter, ProblemKind
from controllers.wording import count, local_time, plural

_UNKNOWN: Final = (ProblemKind.POLICIES_UNCHECKED, ProblemKind.DEPTHS_UNKNOWN)
"""Not known rather than wrong."""
WHAT_TO_DO: Final = (
    "Retry, discard and purge nothing until this is understood. Back up the operations database, then "
    "compare with: main.py dead-letters meter --json"
)


@dataclass(frozen=True)
class MeterNotice:
    """A title, sentences below it, and its tone."""

    tone: str
    title: str
    lines: tuple[str, ...]


def meter_notice(meter: Meter | None) -> MeterNotice | None:
    """What to show where the meter is; none while there is nothing to do."""
    if meter is None:
        return None
    lost = meter.difference or meter.verified_difference or 0
    if lost:
        return MeterNotice("bad", _lost_words(meter, lost), (WHAT_TO_DO, *meter.problems))
    if not meter.problems:
        return None
    serious = not meter.problem_kinds or any(kind not in _UNKNOWN for kind in meter.problem_kinds)
    title = "No letter is lost, but this could lose or hold some:" if serious else "Not everything is known:"
    return MeterNotice("bad" if serious else "warn", title, tuple(meter.problems))


def _lost_words(meter: Meter, lost: int) -> str:
    word = "missing" if lost > 0 else "too many"
    if meter.difference:
        here = meter.received - meter.difference
        sums = f"{count(meter.received)} were received, {count(here)} are here"
        return f"{plural(abs(lost), 'letter')} {word}: {sums}."
    at = f" at {local_time(meter.verified_at)}" if meter.verified_at else ""
    return f"{plural(abs(lost), 'letter')} {word} when all rows were counted one by one{at}."

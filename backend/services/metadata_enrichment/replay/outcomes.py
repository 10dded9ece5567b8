"""One field under two configurations."""

from collections import Counter
from math import fsum

from backend.contracts.replay import FieldComparison, FieldOutcome
from backend.services.metadata_enrichment.replay.columns import NO_VALUE, UNJUDGED, Column

_NOTHING = FieldOutcome(filled=0, mean_confidence=None)
"""Of a field that a configuration does not have."""


def compare_field(name: str, before: Column | None, after: Column | None) -> FieldComparison:
    """The counts of one field; a side without the field has no values."""
    differing, unjudged = _differences(before, after)
    return FieldComparison(
        field=name,
        before=_outcome(before),
        after=_outcome(after),
        differing=differing,
        unjudged=unjudged,
    )


def differs(before: Column | None, after: Column | None, slot: int) -> bool:
    """Whether the track's value would be another one, appear or vanish, as far as that can be judged."""
    sides = [side for side in (before, after) if side is not None]
    if any(side.positions[slot] == UNJUDGED for side in sides):
        return False
    one = before.values[slot] if before is not None else None
    other = after.values[slot] if after is not None else None
    return bool(one != other)


def _differences(before: Column | None, after: Column | None) -> tuple[int, int]:
    if before is None or after is None:
        only = before or after
        unjudged = only.positions.count(UNJUDGED) if only else 0
        return _outcome(only).filled, unjudged
    if before is after:
        return 0, before.positions.count(UNJUDGED)
    differing = unjudged = 0
    pairs = zip(before.positions, after.positions, before.values, after.values, strict=True)
    for first, second, one, other in pairs:
        if first < NO_VALUE or second < NO_VALUE:
            unjudged += 1
        elif one is not other and one != other:
            differing += 1
    return differing, unjudged


def _outcome(column: Column | None) -> FieldOutcome:
    if column is None:
        return _NOTHING
    places = Counter(column.positions)
    winners: Counter[str] = Counter()
    for place in sorted(places):
        if place > NO_VALUE:
            winners[column.field.sources[place - 1].provider] += places[place]
    filled = winners.total()
    mean = fsum(column.confidences) / filled if filled else None  # the same in whatever order
    return FieldOutcome(filled=filled, mean_confidence=mean, winners=dict(winners))

"""One field under two configurations."""

from collections import Counter
from dataclasses import dataclass
from math import fsum

from backend.contracts.replay import FieldComparison, FieldOutcome
from backend.services.metadata_enrichment.replay.columns import NO_VALUE, UNJUDGED, Column

_NOTHING = FieldOutcome(filled=0, mean_confidence=None)
"""Of a field that a configuration does not have."""


@dataclass(frozen=True)
class ColumnPair:
    """A field before and after; none where the configuration does not have it."""

    name: str
    before: Column | None
    after: Column | None

    @property
    def revisions(self) -> tuple[object, object]:
        """What everything computed of the pair depends on."""
        before, after = self.before, self.after
        return before.revision if before else None, after.revision if after else None


@dataclass(frozen=True)
class Differences:
    """Where the two sides differ."""

    slots: bytes
    """1 where the track's value would be another one, appear or vanish."""
    unjudged: int
    """Tracks of which one side cannot be judged."""


def find_differences(pair: ColumnPair) -> Differences:
    """Compare the values of every track, as far as both sides can be judged."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        only = before or after
        places = only.positions if only else ()
        return Differences(
            bytes(place > NO_VALUE for place in places), sum(place < NO_VALUE for place in places)
        )
    if before is after:
        return Differences(bytes(len(before.positions)), before.positions.count(UNJUDGED))
    differing, unjudged = bytearray(len(before.positions)), 0
    pairs = zip(before.positions, after.positions, before.values, after.values, strict=True)
    for slot, (first, second, one, other) in enumerate(pairs):
        if first < NO_VALUE or second < NO_VALUE:
            unjudged += 1
        elif one is not other and one != other:
            differing[slot] = 1
    return Differences(bytes(differing), unjudged)


def compare_field(
    pair: ColumnPair, found: Differences, before: FieldOutcome, after: FieldOutcome
) -> FieldComparison:
    """The counts of one field."""
    return FieldComparison(
        field=pair.name,
        before=before,
        after=after,
        differing=found.slots.count(1),
        unjudged=found.unjudged,
    )


def outcome_of(column: Column | None) -> FieldOutcome:
    """What a field comes to; a side without the field has no values."""
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

"""Steps of a waterfall that cost calls and win nothing, or next to nothing."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from backend.contracts.replay import DominatedStep
from backend.contracts.waterfall import OnDisagreement
from backend.services.metadata_enrichment.replay.columns import UNJUDGED, Column, Columns
from backend.services.metadata_enrichment.replay.providers import ProviderBits

FEWEST_TRACKS = 20
"""Below this many tracks asked nothing is said: it could be chance."""
LEAST_ASKED = 0.02
"""Share of all tracks for which the step must be asked."""
MOST_WON = 0.01
"""Share of the tracks asked of which it may give the value and is still pointed out."""
LEAST_SAVED = 0.01
"""Share of all tracks for which a call must be asked for this step alone."""


def dominated_steps(fields: Sequence[Column], columns: Columns, tracks: int) -> list[DominatedStep]:
    """The steps worth switching off or moving back, the most expensive first."""
    bits = columns.bits
    weak = [
        step
        for column in fields
        for step in columns.memo.of(("weak", column.revision), partial(_weak_steps, column, bits, tracks))
    ]
    if not weak:
        return []
    alone = _asked_for_one_field(fields, tracks)
    found: list[tuple[int, DominatedStep]] = []
    for column, position, wins, asked in weak:
        provider = column.field.sources[position - 1].provider
        bit = bits.bit(provider)
        saved = sum(bool(one & other & bit) for one, other in zip(column.asked, alone, strict=True))
        if saved < max(1.0, LEAST_SAVED * tracks):
            continue
        found.append((saved, _step(column, position, wins, asked, saved, tracks)))
    found.sort(key=lambda each: (-each[0], each[1].field, each[1].position))
    return [step for _, step in found]


def _weak_steps(column: Column, bits: ProviderBits, tracks: int) -> list[tuple[Column, int, int, int]]:
    if column.field.on_disagreement is OnDisagreement.MAJORITY:
        return []  # a source that never wins still has its vote
    judged = [asked for asked, place in zip(column.asked, column.positions, strict=True) if place != UNJUDGED]
    sets, places = Counter(judged), Counter(column.positions)
    weak = []
    for position, step in enumerate(column.field.sources, start=1):
        if not step.enabled:
            continue
        bit = bits.bit(step.provider)
        asked = sum(count for providers, count in sets.items() if providers & bit)
        enough = asked >= max(FEWEST_TRACKS, LEAST_ASKED * tracks)
        if enough and places[position] <= MOST_WON * asked:
            weak.append((column, position, places[position], asked))
    return weak


def _asked_for_one_field(columns: Sequence[Column], tracks: int) -> list[int]:
    """For each track the providers that exactly one field asks."""
    once, twice = [0] * tracks, [0] * tracks
    for column in columns:
        twice = [more | (seen & asked) for more, seen, asked in zip(twice, once, column.asked, strict=True)]
        once = [seen | asked for seen, asked in zip(once, column.asked, strict=True)]
    return [seen & ~more for seen, more in zip(once, twice, strict=True)]


def _step(column: Column, position: int, wins: int, asked: int, saved: int, tracks: int) -> DominatedStep:
    field, provider = column.field.field, column.field.sources[position - 1].provider
    won = f"wins {100 * wins / tracks:.1f} %" if wins else "wins nothing"
    advice = (
        f"{provider} at place {position} for {field} {won} and is asked for {_percent(asked, tracks)} of "
        f"tracks: switch it off here or move it back. For {_percent(saved, tracks)} of tracks it is asked "
        "for this field alone."
    )
    return DominatedStep(
        field=field, provider=provider, position=position, wins=wins, asked=asked, advice=advice
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"

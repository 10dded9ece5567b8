"""The values that would be other ones, both sides explained."""

from collections.abc import Iterator, Mapping

from backend.contracts.replay import ValueDifference, ValueSide
from backend.contracts.waterfall import WaterfallField
from backend.services.metadata_enrichment.replay.columns import Column
from backend.services.metadata_enrichment.replay.evidence_set import EvidenceSet, TrackEvidence
from backend.services.metadata_enrichment.replay.outcomes import differs
from backend.services.metadata_enrichment.waterfall import steps as outcomes
from backend.services.metadata_enrichment.waterfall.steps import StepResult
from backend.services.metadata_enrichment.waterfall.walk import FieldResult, walk

Sides = tuple[Column | None, Column | None]
"""A field before and after; none where the configuration does not have it."""


def list_differences(held: EvidenceSet, changed: Mapping[str, Sides], most: int) -> list[ValueDifference]:
    """At most so many differing values, those of the newest tracks first."""
    found: list[ValueDifference] = []
    if not most:
        return found
    for track, name, sides in _differing(held, changed):
        found.append(explain(track, name, *(side.field if side else None for side in sides)))
        if len(found) == most:
            break
    return found


def explain(
    track: TrackEvidence, name: str, before: WaterfallField | None, after: WaterfallField | None
) -> ValueDifference:
    """One value under both configurations."""
    return ValueDifference(
        track_id=track.track_id,
        artist_name=track.artist_name,
        track_title=track.track_title,
        field=name,
        before=_side(before, track),
        after=_side(after, track),
    )


def side_of(field: WaterfallField, result: FieldResult, track: TrackEvidence) -> ValueSide:
    """What a walk came to, and why."""
    winner = result.winner
    passed = [_told(field, step) for step in result.steps if step is not winner]
    if winner is None:
        return ValueSide(provider=None, detail=_without_value(result, passed))
    return ValueSide(
        provider=winner.provider,
        value=winner.value,
        confidence=winner.confidence,
        position=winner.position,
        match_probability=track.sources[winner.provider].match_probability,
        detail=_sentence(passed) if passed else "The first source that was asked had it.",
    )


def _differing(held: EvidenceSet, changed: Mapping[str, Sides]) -> Iterator[tuple[TrackEvidence, str, Sides]]:
    for slot in held.newest_first():
        for name, sides in changed.items():
            if differs(*sides, slot):
                yield held.tracks[slot], name, sides


def _side(field: WaterfallField | None, track: TrackEvidence) -> ValueSide:
    if field is None:
        return ValueSide(provider=None, detail="The configuration does not have this field.")
    return side_of(field, walk(field, track.sources), track)


def _without_value(result: FieldResult, passed: list[str]) -> str:
    if result.needs:
        return f"Nothing is stored of {', '.join(result.needs)}, which would be asked."
    if result.waits:
        return f"Waits for {', '.join(result.missed)}. {_sentence(passed)}"
    return _sentence(passed) if passed else "No source is switched on."


def _told(field: WaterfallField, step: StepResult) -> str:
    """What became of a step that did not give the value."""
    if step.outcome == outcomes.BELOW_THRESHOLD and step.confidence is not None:
        least = field.sources[step.position - 1].min_confidence
        return f"{step.provider}: {step.confidence:.2f} sure, where {least:.2f} is asked for"
    words = _WORDS.get(step.outcome, step.outcome.replace("_", " "))
    return f"{step.provider}: {words}" + (f" ({step.detail})" if step.detail else "")


def _sentence(passed: list[str]) -> str:
    return f"{'; '.join(passed)}."


_WORDS = {
    outcomes.BELOW_THRESHOLD: "not sure enough",
    outcomes.NO_VALUE: "has no value",
    outcomes.INVALID_VALUE: "its value is not valid",
    outcomes.AGREED: "says the same",
    outcomes.OUTVOTED: "has another value, which was outvoted",
    outcomes.DEFERRED: "has a value, which waits for another source",
    outcomes.WAITED_FOR: "could not be asked",
    "no_match": "does not have this track",
    "not_found": "does not have this track",
    "unsure": "has several tracks that fit alike",
}

"""The values that would be other ones, both sides explained."""

from collections.abc import Iterator, Sequence
from itertools import islice

from backend.contracts.replay import ValueDifference, ValueSide
from backend.contracts.waterfall import WaterfallField
from backend.services.metadata_enrichment.replay.evidence_set import EvidenceSet, TrackEvidence
from backend.services.metadata_enrichment.replay.outcomes import ColumnPair, Differences
from backend.services.metadata_enrichment.waterfall import steps as outcomes
from backend.services.metadata_enrichment.waterfall.steps import StepResult
from backend.services.metadata_enrichment.waterfall.walk import FieldResult, walk


def list_differences(
    held: EvidenceSet, found: Sequence[tuple[ColumnPair, Differences]], most: int
) -> list[ValueDifference]:
    """At most so many differing values, those of the newest tracks first."""
    return [
        explain(track, pair.name, *(side.field if side else None for side in (pair.before, pair.after)))
        for track, pair in islice(_differing(held, found), most)
    ]


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


def _differing(
    held: EvidenceSet, found: Sequence[tuple[ColumnPair, Differences]]
) -> Iterator[tuple[TrackEvidence, ColumnPair]]:
    changed = [(pair, differences.slots) for pair, differences in found if any(differences.slots)]
    for slot in held.newest_first() if changed else ():
        for pair, slots in changed:
            if slots[slot]:
                yield held.tracks[slot], pair


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

"""The comparison's counts against a naive walk over every track, and its speed-ups against themselves."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from math import fsum
from typing import Any

import pytest

from backend.contracts.replay import FieldOutcome, PreviewRequest, ReplayComparison
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.replay.columns import Columns
from backend.services.metadata_enrichment.replay.comparison import Question, compare
from backend.services.metadata_enrichment.replay.evidence_set import EvidenceSet, TrackEvidence
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.walk import FieldResult, walk
from tests.backend.services.metadata_enrichment.replay.synthetic import configuration, track, tracks

TRACKS = 60
LIMITS = {"musicbrainz": 1.0, "spotify": 3.0, "deezer": 9.0}


def no_check() -> None:
    """Nobody withdraws it."""


def held_of(found: Sequence[TrackEvidence], capacity: int = 10_000) -> Columns:
    held = EvidenceSet(capacity)
    held.put(found)
    return Columns(held)


def compared(
    columns: Columns, base: WaterfallConfiguration, draft: WaterfallConfiguration, **more: Any
) -> ReplayComparison:
    request = PreviewRequest.model_construct(fields=draft.fields, **{"differences": 5000, **more})
    return compare(columns, Question(base, request, LIMITS, 0.0), no_check)


def walked(
    found: Sequence[TrackEvidence], configured: WaterfallConfiguration
) -> dict[str, list[FieldResult]]:
    return {field.field: [walk(field, one.sources) for one in found] for field in configured.fields}


def outcome_of(results: Sequence[FieldResult]) -> FieldOutcome:
    winners = [result.winner for result in results if result.winner]
    sure = [winner.confidence or 0.0 for winner in winners]
    return FieldOutcome(
        filled=len(winners),
        mean_confidence=fsum(sure) / len(sure) if sure else None,
        winners=Counter(winner.provider for winner in winners),
    )


def needed(result: FieldResult | None) -> bool:
    return bool(result and result.needs)


def value_of(result: FieldResult | None) -> Any:
    return result.winner.value if result and result.winner else None


@pytest.mark.parametrize("seed", range(8))
def test_the_counts_are_those_of_a_naive_walk(seed: int) -> None:
    chance = random.Random(seed)
    found = tracks(TRACKS, seed)
    base, draft = configuration(chance), configuration(chance)
    comparison = compared(held_of(found), base, draft)
    before, after = walked(found, base), walked(found, draft)
    none: list[FieldResult | None] = [None] * TRACKS
    assert {one.field for one in comparison.fields} == before.keys() | after.keys()
    for field in comparison.fields:
        pairs = list(zip(before.get(field.field, none), after.get(field.field, none), strict=True))
        judged = [pair for pair in pairs if not needed(pair[0]) and not needed(pair[1])]
        assert field.unjudged == TRACKS - len(judged)
        assert field.differing == sum(value_of(one) != value_of(other) for one, other in judged)
        assert field.before == outcome_of(before.get(field.field, []))
        assert field.after == outcome_of(after.get(field.field, []))
    listed = Counter(one.field for one in comparison.differences)
    assert listed == {one.field: one.differing for one in comparison.fields if one.differing}
    assert all(one.before.value != one.after.value for one in comparison.differences)


def naive_calls(found: Sequence[TrackEvidence], fields: Sequence[WaterfallField]) -> dict[str, float]:
    """Calls a track, each track's sources asked in rounds as an enrichment asks them."""
    stored: dict[str, list[int]] = {}
    sums: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for one in found:
        results = [walk(field, one.sources) for field in fields]
        asked = {step.provider for result in results for step in result.steps}
        asked |= {provider for result in results for provider in result.needs}
        for provider in asked:
            source = one.sources.get(provider)
            if source is None:
                unknown[provider] += 1
                continue
            steps = {step.field for result in results for step in result.steps if step.provider == provider}
            steps |= {result.field for result in results if provider in result.needs}
            record = source.lookup_fields | source.unasked_fields
            needs_record = any(
                name in source.lookup_fields or provider in result.needs
                for result in results
                if (name := result.field) in steps and name in record
            )
            calls = source.calls - bool(source.lookup_fields) + needs_record
            sums[provider] += calls
            stored.setdefault(provider, []).append(calls)
    total = {}
    for provider in sums.keys() | unknown.keys():
        known = stored.get(provider, [1])
        total[provider] = (sums[provider] + unknown[provider] * sum(known) / len(known)) / len(found)
    return total


@pytest.mark.parametrize("seed", range(6))
def test_the_calls_are_those_of_every_source_that_some_field_asks(seed: int) -> None:
    chance = random.Random(seed)
    found = tracks(TRACKS, seed)
    base, draft = configuration(chance), configuration(chance)
    comparison = compared(held_of(found), base, draft)
    before, after = naive_calls(found, base.fields), naive_calls(found, draft.fields)
    shown = {one.provider: (one.before, one.after) for one in comparison.providers}
    expected = {name: (before.get(name, 0), after.get(name, 0)) for name in before | after}
    assert shown == {name: pytest.approx(pair) for name, pair in expected.items()}
    assert comparison.calls_per_track_after == pytest.approx(sum(after.values()))
    for one in comparison.providers:
        limit = LIMITS.get(one.provider)
        assert one.hours_after == (
            None if limit is None else pytest.approx(one.after * 10_000 / limit / 3600)
        )


@pytest.mark.parametrize("seed", range(6))
def test_what_was_kept_is_what_would_be_computed_afresh(seed: int) -> None:
    chance = random.Random(seed)
    found = tracks(TRACKS, seed)
    base, draft = configuration(chance), configuration(chance)
    kept = held_of(found, capacity=TRACKS)
    compared(kept, base, draft)
    changed = [track(chance, number) for number in sorted(chance.sample(range(TRACKS), 10))]
    added = [track(chance, TRACKS + number) for number in range(15)]
    kept.held.put([*changed, *added])
    fresh = held_of([kept.held.tracks[slot] for slot in reversed(list(kept.held.newest_first()))])
    first, second = compared(kept, base, draft), compared(fresh, base, draft)
    unlike = {"milliseconds": 0.0}
    assert first.model_copy(update=unlike) == second.model_copy(update=unlike)
    assert (first.tracks, len({one.track_id for one in kept.held.tracks})) == (TRACKS, TRACKS)


def test_the_same_configuration_changes_nothing() -> None:
    same = configuration(random.Random(3))
    comparison = compared(held_of(tracks(TRACKS)), same, same)
    assert (comparison.differing, comparison.differences) == (0, [])
    assert comparison.calls_per_track_before == comparison.calls_per_track_after
    assert all(one.before == one.after for one in comparison.fields)


def test_without_stored_tracks_nothing_is_said() -> None:
    same = configuration(random.Random(3))
    comparison = compared(held_of([]), same, same)
    assert (comparison.tracks, comparison.responses, comparison.judged_share) == (0, 0, None)
    assert (comparison.evidence_until, comparison.providers, comparison.dominated) == (None, [], [])


def test_only_the_asked_number_of_differences_of_the_asked_field_is_listed_newest_first() -> None:
    chance = random.Random(5)
    base, draft = configuration(chance), configuration(chance)
    comparison = compared(held_of(tracks(TRACKS)), base, draft, field="album", differences=7)
    assert {one.field for one in comparison.differences} == {"album"}
    numbers = [one.track_id for one in comparison.differences]
    assert len(numbers) == 7
    assert numbers == sorted(numbers, reverse=True)
    assert comparison.differing > 7


def test_a_source_that_could_not_be_called_before_is_not_free() -> None:
    """The Cover Art Archive takes a release, which half of the tracks had none of."""
    received = datetime(2026, 11, 1, tzinfo=UTC)
    uncalled = SourceEvidence("coverartarchive", "not_found", "no_answer", calls=0)
    found = [
        TrackEvidence(f"t-{number}", "a", "b", sources, received, {})
        for number, sources in enumerate([{}, {"coverartarchive": uncalled}])
    ]
    field = WaterfallField(
        field="artwork_url",
        required_for_gold=False,
        sources=[WaterfallStep(provider="coverartarchive", enabled=True, min_confidence=0.5)],
    )
    draft = WaterfallConfiguration(version=1, activated_at=received, fields=[field])
    assert compared(held_of(found), draft, draft).calls_per_track_after == 0.5

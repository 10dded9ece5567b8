"""What a preview tells in words: steps that cost calls for nothing, and why a value would be another one."""

from datetime import UTC, datetime
from typing import Any

from backend.contracts.replay import ReplayComparison, ValueDifference
from backend.contracts.waterfall import OnDisagreement, WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from tests.backend.services.metadata_enrichment.replay.test_comparison import compared, held_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def had(provider: str, *, sure: float = 1.0, **values: Any) -> SourceEvidence:
    return SourceEvidence(provider, "ok", "matched", match_probability=sure, values=values, received_at=NOW)


def silent(provider: str, outcome: str, detail: str = "") -> SourceEvidence:
    return SourceEvidence(provider, outcome, "no_answer", detail=detail, received_at=NOW)


def tracks(count: int, *sources: SourceEvidence) -> list[TrackEvidence]:
    by_provider = {source.provider: source for source in sources}
    return [TrackEvidence(f"t{number}", "Artist", "Title", by_provider, NOW, {}) for number in range(count)]


def field(name: str, *providers: str, least: float = 0.5, **more: Any) -> WaterfallField:
    steps = [
        WaterfallStep(provider=provider, enabled=True, min_confidence=least, reliability=1.0)
        for provider in providers
    ]
    return WaterfallField(field=name, required_for_gold=False, sources=steps, **more)


def asked(
    found: list[TrackEvidence], before: list[WaterfallField], after: list[WaterfallField]
) -> ReplayComparison:
    one, other = (
        WaterfallConfiguration(version=1, activated_at=NOW, fields=fields) for fields in (before, after)
    )
    return compared(held_of(found), one, other)


def only(comparison: ReplayComparison) -> ValueDifference:
    (difference,) = comparison.differences
    return difference


def test_a_step_that_wins_nothing_and_is_asked_for_it_alone_is_pointed_out() -> None:
    found = tracks(100, had("spotify", label="A", isrc="X"), silent("discogs", "not_found"))
    draft = [field("label", "discogs", "spotify"), field("isrc", "spotify")]
    (step,) = asked(found, draft, draft).dominated
    assert (step.field, step.provider, step.position) == ("label", "discogs", 1)
    assert (step.wins, step.asked) == (0, 100)
    assert step.advice == (
        "discogs at place 1 for label wins nothing and is asked for 100 % of tracks: switch it off here or "
        "move it back. For 100 % of tracks it is asked for this field alone."
    )


def test_a_step_that_costs_no_call_is_not_pointed_out() -> None:
    found = tracks(100, had("spotify", label="A"), had("discogs", genres=["house"]))
    draft = [field("label", "discogs", "spotify"), field("genres", "discogs")]
    assert asked(found, draft, draft).dominated == []


def test_a_step_that_wins_or_is_hardly_asked_or_has_a_vote_is_not_pointed_out() -> None:
    winner = tracks(100, had("spotify", label="A"), had("discogs", label="B"))
    assert asked(winner, [], [field("label", "discogs", "spotify")]).dominated == []
    few = tracks(19, had("spotify", label="A"), silent("discogs", "not_found"))
    assert asked(few, [], [field("label", "discogs", "spotify")]).dominated == []
    draft = field("label", "spotify", "discogs", on_disagreement=OnDisagreement.MAJORITY)
    assert (
        asked(tracks(100, had("spotify", label="A"), had("discogs", label="B")), [], [draft]).dominated == []
    )


def test_a_source_that_nothing_is_stored_of_is_neither_weak_nor_judged() -> None:
    comparison = asked(tracks(100, had("spotify", label="A")), [], [field("label", "itunes", "spotify")])
    assert comparison.dominated == []
    assert (comparison.unjudged, comparison.judged_share) == (100, 0)
    assert [(one.provider, one.after) for one in comparison.providers] == [("itunes", 1.0)]


def test_a_value_that_another_source_gives_is_explained_on_both_sides() -> None:
    found = tracks(1, had("spotify", sure=0.9, label="A"), had("discogs", sure=0.6, label="B"))
    one = only(asked(found, [field("label", "spotify")], [field("label", "discogs", "spotify")]))
    assert (one.before.value, one.before.provider, one.before.position) == ("A", "spotify", 1)
    assert one.before.detail == "The first source that was asked had it."
    assert one.after.provider == "discogs"


def test_why_there_is_no_value_is_told_step_by_step() -> None:
    found = tracks(
        1,
        had("spotify", sure=0.6, label="A"),
        silent("discogs", "throttled", "try again in 60 s"),
        had("deezer"),
    )
    before = [field("label", "spotify")]
    one = only(asked(found, before, [field("label", "discogs", "deezer", "spotify", least=0.7)]))
    assert (one.after.provider, one.after.value) == (None, None)
    assert one.after.detail == (
        "discogs: throttled (try again in 60 s); deezer: has no value; spotify: 0.60 sure, where 0.70 is "
        "asked for."
    )
    waiting = field("label", "discogs", "spotify", when_unavailable="wait")
    assert only(asked(found, before, [waiting])).after.detail.startswith("Waits for discogs. discogs: could")
    gone = only(asked(found, before, []))
    assert gone.after.detail == "The configuration does not have this field."

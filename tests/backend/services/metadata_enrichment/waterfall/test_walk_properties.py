"""What holds for every waterfall and whatever the sources had."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import OnDisagreement, WaterfallField, WaterfallStep, WhenUnavailable
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.walk import FieldResult, walk
from tests.backend.services.metadata_enrichment.waterfall.evidence import found, in_vain, unmatched

PROVIDERS = ("musicbrainz", "spotify", "deezer", "discogs", "itunes", "beatport")
SHARES = st.sampled_from((0.0, 0.25, 0.5, 0.75, 1.0))


def sources_of(provider: str) -> st.SearchStrategy[SourceEvidence]:
    value = st.sampled_from((60.0, 90.0, 120.0))
    return st.one_of(
        st.builds(lambda bpm, p: found(provider, p, bpm=bpm), value, st.sampled_from((0.8, 0.9, 1.0))),
        st.builds(lambda outcome: in_vain(provider, outcome), st.sampled_from(Outcome).filter(_is_no_answer)),
        st.just(found(provider)),
        st.just(replace(found(provider), unasked_fields=frozenset({"bpm"}))),
        st.just(unmatched(provider)),
    )


def _is_no_answer(outcome: Outcome) -> bool:
    return outcome is not Outcome.OK


@st.composite
def steps(draw: st.DrawFn) -> WaterfallStep:
    return WaterfallStep(
        provider="",
        enabled=draw(st.booleans()),
        min_confidence=draw(SHARES),
        reliability=draw(SHARES),
    )


@st.composite
def fields(draw: st.DrawFn) -> WaterfallField:
    order = draw(st.permutations(PROVIDERS))[: draw(st.integers(1, len(PROVIDERS)))]
    return WaterfallField(
        field="bpm",
        required_for_gold=False,
        sources=[draw(steps()).model_copy(update={"provider": name}) for name in order],
        when_unavailable=draw(st.sampled_from(WhenUnavailable)),
        on_disagreement=draw(st.sampled_from(OnDisagreement)),
    )


@st.composite
def evidences(draw: st.DrawFn) -> dict[str, SourceEvidence]:
    asked = draw(st.sets(st.sampled_from(PROVIDERS)))
    return {name: draw(sources_of(name)) for name in sorted(asked)}


WALKS = given(fields(), evidences())


def changed(field: WaterfallField, **update: object) -> WaterfallField:
    return field.model_copy(update=update)


def outcome(result: FieldResult) -> tuple[object, ...]:
    winner = result.winner
    taken = (winner.provider, winner.value, winner.confidence) if winner else None
    return (taken, result.needs, result.missed, result.waits)


@WALKS
def test_the_order_of_asking_is_of_no_account(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    assert walk(field, evidence) == walk(field, dict(reversed(evidence.items())))


@WALKS
def test_a_source_behind_never_changes_the_first_winner(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    field = changed(field, on_disagreement=OnDisagreement.FIRST)
    whole = walk(field, evidence)
    if whole.winner is None:
        return
    shorter = changed(field, sources=field.sources[: whole.winner.position])
    needed = {step.provider for step in shorter.sources}
    assert walk(shorter, {name: one for name, one in evidence.items() if name in needed}) == whole


@WALKS
def test_a_disabled_source_is_as_good_as_none(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    without = changed(field, sources=[step for step in field.sources if step.enabled])
    assert outcome(walk(without, evidence)) == outcome(walk(field, evidence))


@WALKS
def test_a_field_is_settled_only_when_every_source_before_the_winner_was_asked(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    result = walk(field, evidence)
    if result.winner is not None:
        before = field.sources[: result.winner.position]
        assert {step.provider for step in before if step.enabled} <= evidence.keys()
        assert result.needs == ()


@WALKS
def test_asking_whom_it_needs_settles_it(field: WaterfallField, evidence: dict[str, SourceEvidence]) -> None:
    for _ in range(2 * len(PROVIDERS)):
        needs = walk(field, evidence).needs
        if not needs:
            return
        assert all(name not in evidence or evidence[name].unasked_fields for name in needs)
        evidence = evidence | {name: found(name) for name in needs}
    raise AssertionError("it never settles")


@WALKS
def test_a_higher_threshold_never_lets_more_through(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    stricter = changed(
        field,
        sources=[step.model_copy(update={"min_confidence": 1.0}) for step in field.sources],
    )
    sure = {step.provider for step in walk(stricter, evidence).steps if step.is_sure_enough}
    loose = walk(field, evidence)
    if not loose.needs:
        passed = {step.provider for step in loose.steps if step.is_sure_enough}
        walked = {step.provider for step in loose.steps}
        assert sure & walked <= passed


@WALKS
def test_a_winner_is_above_its_threshold_and_alone(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    result = walk(field, evidence)
    used = [step for step in result.steps if step.outcome == "used"]
    assert used == ([result.winner] if result.winner else [])
    if result.winner is not None:
        step = field.sources[result.winner.position - 1]
        assert step.provider == result.winner.provider
        assert (result.winner.confidence or 0) >= step.min_confidence


@WALKS
def test_a_field_that_waits_has_no_winner_and_one_that_skips_never_waits(
    field: WaterfallField, evidence: dict[str, SourceEvidence]
) -> None:
    result = walk(field, evidence)
    if field.when_unavailable is WhenUnavailable.SKIP:
        assert not result.waits
    elif result.missed and not result.needs:
        assert (result.waits, result.winner) == (True, None)

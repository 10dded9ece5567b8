"""Walks the waterfall of one field over what the sources had.

No input or output: the result depends on the field's configuration and the evidence alone, never on the order
in which the sources were asked. A replay over the same evidence therefore finds what the enrichment found.
"""

from collections.abc import Mapping
from typing import NamedTuple

from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import OnDisagreement, WaterfallField, WaterfallStep, WhenUnavailable
from backend.services.metadata_enrichment.waterfall import steps as outcomes
from backend.services.metadata_enrichment.waterfall.agreement import agree
from backend.services.metadata_enrichment.waterfall.evidence import (
    MATCHED,
    MAY_ANSWER_LATER,
    SourceEvidence,
)
from backend.services.metadata_enrichment.waterfall.steps import StepResult
from backend.services.metadata_enrichment.waterfall.voting import majority, surest

Evidence = Mapping[str, SourceEvidence]
"""By provider."""


class FieldResult(NamedTuple):
    """What the waterfall of one field came to."""

    field: str
    steps: tuple[StepResult, ...]
    """In the order of the waterfall, as far as it was walked."""
    winner: StepResult | None = None
    """The step whose value is taken."""
    needs: tuple[str, ...] = ()
    """Sources to ask before the field is settled: not asked yet, or looked up where the evidence has their
    search only. Empty: the result stands."""
    missed: tuple[str, ...] = ()
    """Sources that were asked in vain and may have a better value at another time."""
    waits: bool = False
    """Whether the field stays as it was because a source could not be asked."""

    @property
    def degraded_by(self) -> tuple[str, ...]:
        """The sources whose absence may have led to a lesser value."""
        return self.missed if self.winner is not None else ()


def walk(field: WaterfallField, evidence: Evidence) -> FieldResult:
    """Walk one field.

    With the policy `first` the walk ends at the first enabled source that was not asked yet, or at the first
    one that is sure enough. The other policies hear every enabled source before they decide.
    """
    if field.on_disagreement is OnDisagreement.FIRST:
        return _in_order(field, evidence)
    return _all_heard(field, evidence)


def try_step(name: str, position: int, step: WaterfallStep, source: SourceEvidence) -> StepResult:
    """What one source has for the field `name`: `used` when it is valid and sure enough."""
    provider = step.provider
    if source.verdict != MATCHED:
        outcome = source.verdict if source.outcome == Outcome.OK else source.outcome
        return StepResult(name, position, provider, outcome, detail=source.detail)
    value = source.values.get(name)
    if value is None:
        return _without_value(name, position, source)
    confidence = (source.match_probability or 0.0) * step.reliability
    outcome = outcomes.USED if confidence >= step.min_confidence else outcomes.BELOW_THRESHOLD
    return StepResult(name, position, provider, outcome, value, confidence)


def _without_value(name: str, position: int, source: SourceEvidence) -> StepResult:
    if (refusal := source.invalid.get(name)) is not None:
        return StepResult(name, position, source.provider, outcomes.INVALID_VALUE, detail=refusal)
    if name in source.unasked_fields:
        detail = "not looked up, because the match alone is below the threshold"
        return StepResult(name, position, source.provider, outcomes.BELOW_THRESHOLD, detail=detail)
    if source.outcome != Outcome.OK and name in source.lookup_fields:
        return StepResult(name, position, source.provider, source.outcome, detail=source.detail)
    return StepResult(name, position, source.provider, outcomes.NO_VALUE)


def _is_open(name: str, step: WaterfallStep, source: SourceEvidence | None) -> bool:
    """Whether the source must be asked first. A look-up is not worth it for a match below the threshold."""
    if source is None:
        return True
    if name not in source.unasked_fields:
        return False
    return (source.match_probability or 0.0) * step.reliability >= step.min_confidence


def _in_order(field: WaterfallField, evidence: Evidence) -> FieldResult:
    name, waits = field.field, field.when_unavailable is WhenUnavailable.WAIT
    taken: list[StepResult] = []
    missed: list[str] = []
    for position, step in enumerate(field.sources, start=1):
        if not step.enabled:
            continue
        source = evidence.get(step.provider)
        if source is None or (source.unasked_fields and _is_open(name, step, source)):
            return FieldResult(name, tuple(taken), needs=(step.provider,), missed=tuple(missed))
        result = try_step(name, position, step, source)
        taken.append(result)
        if result.outcome == outcomes.USED:
            return FieldResult(name, tuple(taken), result, missed=tuple(missed))
        if result.outcome in MAY_ANSWER_LATER:
            missed.append(step.provider)
            if waits:
                return _waiting(name, taken, missed)
    return FieldResult(name, tuple(taken), missed=tuple(missed))


def _all_heard(field: WaterfallField, evidence: Evidence) -> FieldResult:
    name = field.field
    enabled = [(place, step) for place, step in enumerate(field.sources, start=1) if step.enabled]
    needs = tuple(step.provider for _, step in enabled if _is_open(name, step, evidence.get(step.provider)))
    taken = [
        try_step(name, place, step, evidence[step.provider])
        for place, step in enabled
        if step.provider not in needs
    ]
    missed = [step.provider for step in taken if step.outcome in MAY_ANSWER_LATER]
    if needs:
        return FieldResult(name, _deferred(taken), needs=needs, missed=tuple(missed))
    if missed and field.when_unavailable is WhenUnavailable.WAIT:
        return _waiting(name, taken, missed)
    sure = [step for step in taken if step.outcome == outcomes.USED]
    if not sure:
        return FieldResult(name, tuple(taken), missed=tuple(missed))
    winner = surest(sure) if field.on_disagreement is OnDisagreement.SUREST else majority(sure)
    return FieldResult(name, _decided(taken, winner), winner, missed=tuple(missed))


def _waiting(name: str, taken: list[StepResult], missed: list[str]) -> FieldResult:
    told = tuple(_waited_for(step) if step.provider in missed else step for step in _deferred(taken))
    return FieldResult(name, told, missed=tuple(missed), waits=True)


def _waited_for(step: StepResult) -> StepResult:
    trouble = step.outcome.replace("_", " ")
    detail = f"{trouble}: {step.detail}" if step.detail else trouble
    return step._replace(outcome=outcomes.WAITED_FOR, detail=detail)


def _deferred(taken: list[StepResult]) -> tuple[StepResult, ...]:
    return tuple(
        step._replace(outcome=outcomes.DEFERRED) if step.outcome == outcomes.USED else step for step in taken
    )


def _decided(taken: list[StepResult], winner: StepResult) -> tuple[StepResult, ...]:
    return tuple(
        step if step is winner or step.outcome != outcomes.USED else _beaten(step, winner) for step in taken
    )


def _beaten(step: StepResult, winner: StepResult) -> StepResult:
    agreed = agree(step.field, step.value, winner.value)
    return step._replace(outcome=outcomes.AGREED if agreed else outcomes.OUTVOTED)

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

# Looked up once: Python takes longer for a member of an enumeration than for all the rest of a step.
_OK = Outcome.OK.value
_FIRST, _SUREST = OnDisagreement.FIRST, OnDisagreement.SUREST
_WAIT = WhenUnavailable.WAIT
_NOT_LOOKED_UP = "not looked up, because the match alone is below the threshold"

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
    if field.on_disagreement is _FIRST:
        return _in_order(field, evidence)
    return _all_heard(field, evidence)


def try_step(name: str, position: int, step: WaterfallStep, source: SourceEvidence) -> StepResult:
    """What one source has for the field `name`: `used` when it is valid and sure enough."""
    if source.verdict != MATCHED:
        outcome = source.verdict if source.outcome == _OK else source.outcome
        return StepResult(name, position, step.provider, outcome, None, None, source.detail)
    value = source.values.get(name)
    if value is None:
        return _without_value(name, position, source)
    confidence = (source.match_probability or 0.0) * step.reliability
    outcome = outcomes.USED if confidence >= step.min_confidence else outcomes.BELOW_THRESHOLD
    return StepResult(name, position, step.provider, outcome, value, confidence)


def _without_value(name: str, position: int, source: SourceEvidence) -> StepResult:
    outcome, detail = outcomes.NO_VALUE, ""
    if name in source.invalid:
        outcome, detail = outcomes.INVALID_VALUE, source.invalid[name]
    elif name in source.unasked_fields:
        outcome, detail = outcomes.BELOW_THRESHOLD, _NOT_LOOKED_UP
    elif source.outcome != _OK and name in source.lookup_fields:
        outcome, detail = source.outcome, source.detail
    return StepResult(name, position, source.provider, outcome, None, None, detail)


def _needs_look_up(name: str, step: WaterfallStep, source: SourceEvidence) -> bool:
    """Whether only the source's record can tell. It is not worth a call for a match below the threshold."""
    if name not in source.unasked_fields:
        return False
    return (source.match_probability or 0.0) * step.reliability >= step.min_confidence


def _in_order(field: WaterfallField, evidence: Evidence) -> FieldResult:
    name = field.field
    taken: list[StepResult] = []
    missed: list[str] = []
    for position, step in enumerate(field.sources, start=1):
        if not step.enabled:
            continue
        source = evidence.get(step.provider)
        if source is None or (source.unasked_fields and _needs_look_up(name, step, source)):
            return FieldResult(name, tuple(taken), None, (step.provider,), tuple(missed))
        result = try_step(name, position, step, source)
        taken.append(result)
        if result.outcome == outcomes.USED:
            return FieldResult(name, tuple(taken), result, (), tuple(missed))
        if result.outcome in MAY_ANSWER_LATER:
            missed.append(step.provider)
            if field.when_unavailable is _WAIT:
                return _waiting(name, taken, missed)
    return FieldResult(name, tuple(taken), None, (), tuple(missed))


def _all_heard(field: WaterfallField, evidence: Evidence) -> FieldResult:
    name = field.field
    taken: list[StepResult] = []
    needs: list[str] = []
    for position, step in enumerate(field.sources, start=1):
        if not step.enabled:
            continue
        source = evidence.get(step.provider)
        if source is None or (source.unasked_fields and _needs_look_up(name, step, source)):
            needs.append(step.provider)
        else:
            taken.append(try_step(name, position, step, source))
    missed = [step.provider for step in taken if step.outcome in MAY_ANSWER_LATER]
    if needs:
        return FieldResult(name, _deferred(taken), None, tuple(needs), tuple(missed))
    if missed and field.when_unavailable is _WAIT:
        return _waiting(name, taken, missed)
    return _decided(field, taken, tuple(missed))


def _decided(field: WaterfallField, taken: list[StepResult], missed: tuple[str, ...]) -> FieldResult:
    sure = [step for step in taken if step.outcome == outcomes.USED]
    if len(sure) <= 1:
        return FieldResult(field.field, tuple(taken), sure[0] if sure else None, (), missed)
    winner = surest(sure) if field.on_disagreement is _SUREST else majority(sure)
    told = tuple(
        step if step is winner or step.outcome != outcomes.USED else _beaten(step, winner) for step in taken
    )
    return FieldResult(field.field, told, winner, (), missed)


def _waiting(name: str, taken: list[StepResult], missed: list[str]) -> FieldResult:
    told = tuple(_waited_for(step) if step.provider in missed else step for step in _deferred(taken))
    return FieldResult(name, told, None, (), tuple(missed), waits=True)


def _waited_for(step: StepResult) -> StepResult:
    trouble = step.outcome.replace("_", " ")
    detail = f"{trouble}: {step.detail}" if step.detail else trouble
    return _became(step, outcomes.WAITED_FOR, detail)


def _deferred(taken: list[StepResult]) -> tuple[StepResult, ...]:
    return tuple(
        _became(step, outcomes.DEFERRED) if step.outcome == outcomes.USED else step for step in taken
    )


def _beaten(step: StepResult, winner: StepResult) -> StepResult:
    agreed = agree(step.field, step.value, winner.value)
    return _became(step, outcomes.AGREED if agreed else outcomes.OUTVOTED)


def _became(step: StepResult, outcome: str, detail: str = "") -> StepResult:
    return StepResult(step.field, step.position, step.provider, outcome, step.value, step.confidence, detail)

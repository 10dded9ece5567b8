"""Which sources had another value than the one that was taken."""

from dataclasses import dataclass
from typing import Any

from backend.contracts.waterfall import OnDisagreement, WaterfallField
from backend.services.metadata_enrichment.waterfall.agreement import agree, is_compared, is_finer
from backend.services.metadata_enrichment.waterfall.steps import StepResult
from backend.services.metadata_enrichment.waterfall.walk import Evidence, FieldResult, try_step


@dataclass(frozen=True)
class Disagreement:
    """A row of `field_disagreements`."""

    field: str
    policy: OnDisagreement
    winner: str
    value: Any
    others: dict[str, Any]
    """The differing value by provider."""


def disagreement(field: WaterfallField, result: FieldResult, evidence: Evidence) -> Disagreement | None:
    """The field's enabled sources that were asked and are sure enough of something else.

    Among them those behind the source that was taken, if another field had them asked, and those that know
    a date more precisely.
    """
    winner = result.winner
    if winner is None or not is_compared(field.field):
        return None
    others = {
        one.provider: one.value
        for one in _sure_enough(field, evidence)
        if one.provider != winner.provider and _differs(field.field, one.value, winner.value)
    }
    if not others:
        return None
    return Disagreement(field.field, field.on_disagreement, winner.provider, winner.value, others)


def _sure_enough(field: WaterfallField, evidence: Evidence) -> list[StepResult]:
    tried = (
        try_step(field.field, position, step, evidence[step.provider])
        for position, step in enumerate(field.sources, start=1)
        if step.enabled and step.provider in evidence
    )
    return [step for step in tried if step.is_sure_enough]


def _differs(field: str, value: Any, winning: Any) -> bool:
    return not agree(field, value, winning) or is_finer(field, value, winning)

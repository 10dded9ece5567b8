"""Walks the waterfall of every field over what the providers answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.contracts.enrichment import FieldProvenance
from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.matching.judging import Judgement
from backend.services.metadata_enrichment.waterfall.fields import InvalidValueError, value_of
from backend.services.metadata_enrichment.work.answers import Answer

_STEP_OUTCOMES = {
    Outcome.NOT_FOUND: "not_found",
    Outcome.THROTTLED: "throttled",
    Outcome.QUOTA: "quota",
    Outcome.BREAKER_OPEN: "breaker_open",
    Outcome.CREDENTIAL: "credential",
    Outcome.CAPABILITY_GONE: "capability_gone",
}


@dataclass(frozen=True)
class Source:
    """A provider's answer and, if one was accepted, the track in it, completed from its record."""

    answer: Answer
    chosen: Judgement | None
    reason: str = ""
    lookup: Answer | None = None
    """The call for the provider's record of the track, if one was made after the search."""
    completed: frozenset[str] = frozenset()
    """What the track has from that record and not from the search."""

    def answer_for(self, field: str) -> Answer:
        """The answer that a field's value comes from."""
        return self.lookup if self.lookup is not None and field in self.completed else self.answer

    @property
    def in_vain(self) -> Answer | None:
        """The call that brought nothing: the search, or the look-up behind a search that found the track."""
        last = self.answer if self.chosen is None else self.lookup
        return last if last is not None and not last.was_answered else None


@dataclass(frozen=True)
class StepResult:
    """What one step of one field's waterfall came to; a row of `enrichment_transformations`."""

    field: str
    position: int
    provider: str
    outcome: str
    value: Any | None = None
    confidence: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Resolution:
    """The values of a track, where they come from, and every step taken to find them."""

    values: Mapping[str, Any]
    provenance: Mapping[str, FieldProvenance]
    steps: tuple[StepResult, ...]
    missing: frozenset[str]
    """Fields without a value."""
    unsettled: frozenset[str]
    """Fields for which a source that was asked in vain may have a better value at another time."""
    required: frozenset[str]
    """Fields without which a track is only partial."""

    def share_of_fields(self, values: Mapping[str, Any]) -> float:
        """Share of the configured fields that have one of `values`."""
        configured = self.missing | self.values.keys()
        return len(configured & values.keys()) / len(configured) if configured else 0.0

    @property
    def sources_used(self) -> list[str]:
        """Providers that gave at least one value, in order of first use."""
        return list(dict.fromkeys(entry.provider for entry in self.provenance.values()))


def resolve(configuration: WaterfallConfiguration, sources: Mapping[str, Source]) -> Resolution:
    """Each field takes the first source that is sure enough. A provider that was not asked is skipped."""
    steps: list[StepResult] = []
    values: dict[str, Any] = {}
    provenance: dict[str, FieldProvenance] = {}
    for field in configuration.fields:
        for result in _walk(field, sources):
            steps.append(result)
            if result.outcome == "used":
                values[field.field] = result.value
                answer = sources[result.provider].answer_for(field.field)
                provenance[field.field] = _provenance(result, answer, configuration.version)
    missing = frozenset(field.field for field in configuration.fields if field.field not in values)
    required = frozenset(field.field for field in configuration.fields if field.required_for_gold)
    unsettled = _unsettled(steps, sources)
    return Resolution(values, provenance, tuple(steps), missing, unsettled, required)


def next_providers(configuration: WaterfallConfiguration, sources: Mapping[str, Source]) -> list[str]:
    """The providers to ask now: for each field without a value, the first enabled one not asked yet.

    Called again after each round of answers, until it gives nothing: so one call to a provider serves all
    its fields, and a provider that only stands behind others is asked only when they had nothing.
    """
    missing = resolve(configuration, sources).missing
    wanted = (_next(field, sources) for field in configuration.fields if field.field in missing)
    return list(dict.fromkeys(provider for provider in wanted if provider))


def _next(field: WaterfallField, sources: Mapping[str, Source]) -> str | None:
    unasked = (step.provider for step in field.sources if step.enabled and step.provider not in sources)
    return next(unasked, None)


def _walk(field: WaterfallField, sources: Mapping[str, Source]) -> list[StepResult]:
    results: list[StepResult] = []
    for position, step in enumerate(field.sources, start=1):
        if not step.enabled or step.provider not in sources:
            continue
        results.append(_try(field.field, position, step, sources[step.provider]))
        if results[-1].outcome == "used":
            break
    return results


def _try(field: str, position: int, step: WaterfallStep, source: Source) -> StepResult:
    if source.chosen is None:
        outcome, detail = _without_match(source)
        return StepResult(field, position, step.provider, outcome, detail=detail)
    try:
        value = value_of(field, source.chosen.candidate)
    except InvalidValueError as error:
        return StepResult(field, position, step.provider, "invalid_value", detail=str(error))
    if value is None:
        failed = source.in_vain
        outcome = "no_value" if failed is None else _STEP_OUTCOMES.get(failed.outcome, "failure")
        return StepResult(field, position, step.provider, outcome)
    confidence = source.chosen.probability * step.reliability
    outcome = "used" if confidence >= step.min_confidence else "below_threshold"
    return StepResult(field, position, step.provider, outcome, value, confidence)


def _without_match(source: Source) -> tuple[str, str]:
    if source.answer.outcome is Outcome.OK:
        return "no_match", source.reason
    return _STEP_OUTCOMES.get(source.answer.outcome, "failure"), source.answer.detail


def _provenance(result: StepResult, answer: Answer, version: int) -> FieldProvenance:
    return FieldProvenance(
        provider=result.provider,
        confidence=round(result.confidence or 0.0, 4),
        position=result.position,
        response_id=answer.response_id,
        config_version=version,
    )


def _unsettled(steps: list[StepResult], sources: Mapping[str, Source]) -> frozenset[str]:
    return frozenset(
        step.field
        for step in steps
        if step.value is None
        and (failed := sources[step.provider].in_vain) is not None
        and failed.may_answer_later
    )

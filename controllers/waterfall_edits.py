"""What can be done to a draft of the waterfall: pure functions from one draft to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from backend.contracts.waterfall import (
    OnDisagreement,
    WaterfallConfiguration,
    WaterfallField,
    WaterfallStep,
    WhenUnavailable,
)

Fields = tuple[WaterfallField, ...]

NEW_THRESHOLD = 0.70
"""Least confidence of a source that is added, unless its reliability is lower."""


@dataclass(frozen=True)
class Draft:
    """A version of the waterfall with the changes that an operator wants to make to it."""

    base: WaterfallConfiguration
    fields: Fields

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Names of the fields that differ from the base, in the draft's order."""
        return changed_fields(self.base.fields, self.fields)

    def field(self, name: str) -> WaterfallField | None:
        """The field called `name`; none when the draft has no such field."""
        return next((field for field in self.fields if field.field == name), None)

    def with_field(self, changed: WaterfallField) -> "Draft":
        """The draft with one of its fields replaced."""
        fields = tuple(changed if field.field == changed.field else field for field in self.fields)
        return replace(self, fields=fields)


def untouched(base: WaterfallConfiguration) -> Draft:
    """A draft that changes nothing."""
    return Draft(base, tuple(base.fields))


def changed_fields(old: Iterable[WaterfallField], new: Sequence[WaterfallField]) -> tuple[str, ...]:
    """Names of fields that differ, appeared or vanished; those of `new` in its order come first."""
    before = {field.field: field for field in old}
    names = {field.field for field in new}
    changed = [field.field for field in new if before.get(field.field) != field]
    return (*changed, *(name for name in before if name not in names))


def moved(field: WaterfallField, place: int, target: int) -> WaterfallField:
    """The source at `place` put at `target`, both counted from 0."""
    steps = list(field.sources)
    steps.insert(target, steps.pop(place))
    return _with(field, steps)


def with_step(
    field: WaterfallField,
    provider: str,
    *,
    enabled: bool | None = None,
    min_confidence: float | None = None,
    reliability: float | None = None,
) -> WaterfallField:
    """One source with another switch, threshold or reliability."""
    given = {"enabled": enabled, "min_confidence": min_confidence, "reliability": reliability}
    update = {name: value for name, value in given.items() if value is not None}
    return _with(
        field,
        [step.model_copy(update=update) if step.provider == provider else step for step in field.sources],
    )


def with_source(draft: Draft, name: str, provider: str) -> WaterfallField | None:
    """The field with `provider` as its last source; none when there is no such field."""
    field = draft.field(name)
    if field is None:
        return None
    reliability = _reliability(draft, provider)
    step = WaterfallStep(
        provider=provider,
        enabled=True,
        min_confidence=min(NEW_THRESHOLD, reliability),
        reliability=reliability,
    )
    return _with(field, [*field.sources, step])


def without_source(field: WaterfallField, provider: str) -> WaterfallField:
    """The field with one source fewer."""
    return _with(field, [step for step in field.sources if step.provider != provider])


def with_policy(
    field: WaterfallField,
    *,
    when_unavailable: WhenUnavailable,
    on_disagreement: OnDisagreement,
    keep_days: int | None,
    required_for_gold: bool,
) -> WaterfallField:
    """The field with other policies."""
    return field.model_copy(
        update={
            "when_unavailable": when_unavailable,
            "on_disagreement": on_disagreement,
            "keep_days": keep_days,
            "required_for_gold": required_for_gold,
        }
    )


def with_order_of(draft: Draft, name: str, targets: Iterable[str]) -> Draft:
    """The sources of the fields `targets` put into the order they have in the field `name`.

    Sources that the field `name` does not have keep their order after the others; none is added or removed.
    """
    model = draft.field(name)
    if model is None:
        return draft
    places = {step.provider: place for place, step in enumerate(model.sources)}
    wanted = set(targets)
    fields = tuple(
        _with(field, sorted(field.sources, key=lambda step: places.get(step.provider, len(places))))
        if field.field in wanted
        else field
        for field in draft.fields
    )
    return replace(draft, fields=fields)


def _with(field: WaterfallField, steps: Sequence[WaterfallStep]) -> WaterfallField:
    return field.model_copy(update={"sources": list(steps)})


def _reliability(draft: Draft, provider: str) -> float:
    """As in the first other field that the provider feeds; 1 when it feeds none."""
    steps = (step for field in draft.fields for step in field.sources if step.provider == provider)
    return next((step.reliability for step in steps), 1.0)

"""A change of one field in the reference's terms: four places with provider and confidence."""

from pydantic import BaseModel, Field

from backend.contracts.waterfall import WaterfallField, WaterfallStep

PLACES = 4
"""The reference has no more; the sources behind them stay as they are."""


class EditError(Exception):
    """The change does not say enough, or contradicts itself; the text is for the caller."""


class FieldEdit(BaseModel):
    """Query parameters of `PUT /admin/config/field/{field}`; what is not given stays."""

    priority_1_provider: str | None = None
    """Takes the place of who is there. An empty text clears the place; the later ones move up."""
    priority_2_provider: str | None = None
    priority_3_provider: str | None = None
    priority_4_provider: str | None = None
    priority_1_confidence: float | None = Field(default=None, ge=0, le=1)
    priority_2_confidence: float | None = Field(default=None, ge=0, le=1)
    priority_3_confidence: float | None = Field(default=None, ge=0, le=1)
    priority_4_confidence: float | None = Field(default=None, ge=0, le=1)
    enabled: bool | None = None
    """Switches every source of the field."""

    @property
    def places(self) -> tuple[tuple[str | None, float | None], ...]:
        """Provider and confidence by place."""
        return (
            (self.priority_1_provider, self.priority_1_confidence),
            (self.priority_2_provider, self.priority_2_confidence),
            (self.priority_3_provider, self.priority_3_confidence),
            (self.priority_4_provider, self.priority_4_confidence),
        )

    @property
    def says_nothing(self) -> bool:
        """Whether nothing is given."""
        return self.enabled is None and all(place == (None, None) for place in self.places)


def edited(field: WaterfallField, edit: FieldEdit) -> WaterfallField:
    """The field after the change. EditError."""
    named = {provider for provider, _ in edit.places if provider}
    first: list[WaterfallStep] = []
    for place, (provider, confidence) in enumerate(edit.places, start=1):
        there = field.sources[place - 1] if place <= len(field.sources) else None
        if provider is None and there is not None and there.provider in named:
            there = None  # it was given another place
        step = _step(field, place, there, provider, confidence)
        if step is not None:
            first.append(step)
    held = {step.provider for step in first}
    tail = [step for step in field.sources[PLACES:] if step.provider not in held]
    return field.model_copy(update={"sources": [_switched(step, edit.enabled) for step in (*first, *tail)]})


def _step(
    field: WaterfallField,
    place: int,
    there: WaterfallStep | None,
    provider: str | None,
    confidence: float | None,
) -> WaterfallStep | None:
    """Who stands at a place after the change."""
    step = there if provider is None else _named(field, place, there, provider, confidence)
    if step is None and confidence is not None:
        raise EditError(f"There is no source at place {place} whose confidence could be set.")
    if step is None or confidence is None:
        return step
    return step.model_copy(update={"min_confidence": confidence})


def _named(
    field: WaterfallField, place: int, there: WaterfallStep | None, provider: str, confidence: float | None
) -> WaterfallStep | None:
    if not provider:
        return None
    for step in field.sources:
        if step.provider == provider:
            return step
    least = confidence if there is None else there.min_confidence
    if least is None:
        raise EditError(
            f"priority_{place}_confidence is needed: {field.field} has no source at place {place} yet."
        )
    return WaterfallStep(provider=provider, enabled=True, min_confidence=least)


def _switched(step: WaterfallStep, enabled: bool | None) -> WaterfallStep:
    return step if enabled is None else step.model_copy(update={"enabled": enabled})

"""What a waterfall must fulfil to be put in force; the same rules for the editor and for the service."""

from collections import Counter
from collections.abc import Iterator, Sequence

from backend.contracts.provider_registry import REGISTRATIONS
from backend.contracts.waterfall import WaterfallField, WaterfallProblem, WaterfallStep

PROVIDERS: tuple[str, ...] = tuple(each.name for each in REGISTRATIONS)
WITHOUT_SOURCE: tuple[str, ...] = ("energy", "danceability", "valence")
"""Fields that no provider gives any more; a waterfall may name them, and they stay empty."""
VALUE_FIELDS: tuple[str, ...] = (
    "artist_name",
    "track_title",
    "album",
    "label",
    "isrc",
    "release_date",
    "duration_ms",
    "bpm",
    "musical_key",
    "genres",
    "artwork_url",
    "explicit",
    "popularity",
    *WITHOUT_SOURCE,
)
"""The fields that are columns of Gold, by the same names."""
FIELDS: tuple[str, ...] = (*VALUE_FIELDS, *(f"{name}_id" for name in PROVIDERS))
"""The fields that a waterfall may fill: columns of Gold, and each provider's own identifier of the track."""

_LONGEST_NAME = 60
"""Of an unknown name that a text repeats."""


def problems(fields: Sequence[WaterfallField]) -> list[WaterfallProblem]:
    """Everything that keeps a waterfall from being applied, in its order; empty when nothing does."""
    found = [problem for field in fields for problem in _of_field(field)]
    found += [
        WaterfallProblem(field=_shown(name), problem="The field is there twice. Remove one of the two.")
        for name, times in Counter(field.field for field in fields).items()
        if times > 1
    ]
    if not any(step.enabled for field in fields for step in field.sources):
        text = "No source of any field is switched on, so nothing would be enriched. Switch one on."
        found.append(WaterfallProblem(field="", problem=text))
    return found


def warnings(fields: Sequence[WaterfallField]) -> list[WaterfallProblem]:
    """What can be applied but is probably not meant."""
    return [warning for field in fields for warning in _doubtful(field)]


def _of_field(field: WaterfallField) -> Iterator[WaterfallProblem]:
    name = _shown(field.field)
    if field.field not in FIELDS:
        text = f"There is no field {name}. Remove it. Fields are: {', '.join(FIELDS)}."
        yield WaterfallProblem(field=name, problem=text)
    for provider, times in Counter(step.provider for step in field.sources).items():
        shown = _shown(provider)
        if provider not in PROVIDERS:
            text = f"There is no provider {shown}. Remove it. Providers are: {', '.join(PROVIDERS)}."
            yield WaterfallProblem(field=name, provider=shown, problem=text)
        if times > 1:
            text = f"{shown} is there {times} times. Keep one of them."
            yield WaterfallProblem(field=name, provider=shown, problem=text)
    if field.required_for_gold and not any(step.enabled for step in field.sources):
        text = (
            "A track needs this field to be complete, but none of its sources is switched on, so that no "
            "track could ever be. Switch one on, or make the field optional."
        )
        yield WaterfallProblem(field=name, problem=text)


def _doubtful(field: WaterfallField) -> Iterator[WaterfallProblem]:
    enabled = [step for step in field.sources if step.enabled]
    if not enabled and not field.required_for_gold:
        text = "None of its sources is switched on: the field gets no value any more."
        yield WaterfallProblem(field=field.field, problem=text)
    if field.field in WITHOUT_SOURCE and enabled:
        text = "No provider gives it any more: its sources are asked in vain. Switch them off."
        yield WaterfallProblem(field=field.field, problem=text)
    for step in enabled:
        if text := _never_taken(field, step):
            yield WaterfallProblem(field=field.field, provider=step.provider, problem=text)


def _never_taken(field: WaterfallField, step: WaterfallStep) -> str:
    """Why the step can never give the value; empty when it can."""
    if step.min_confidence > step.reliability:
        return (
            f"No value of it can ever be taken: the threshold {step.min_confidence:.2f} is above its "
            f"reliability {step.reliability:.2f}, which no confidence exceeds. Lower the threshold."
        )
    if field.field.endswith("_id") and field.field != f"{step.provider}_id":
        return f"Only {field.field.removesuffix('_id')} gives this identifier. Switch the source off."
    return ""


def _shown(name: str) -> str:
    """A name of whatever length for a text; an empty one is made visible."""
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return shown or "''"

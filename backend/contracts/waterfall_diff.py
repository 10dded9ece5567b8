"""What differs between two waterfalls, as an operator would say it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from pydantic import BaseModel

from backend.contracts.provider_registry import REGISTRATIONS
from backend.contracts.waterfall import WaterfallField, WaterfallStep

_TITLES = {each.name: each.title for each in REGISTRATIONS}
_Chain = tuple[tuple[int, int], ...]
Value = bool | int | float | str | list[str] | None


class ChangeKind(StrEnum):
    """What a change is about; says what `before` and `after` of a WaterfallEdit are."""

    FIELD_ADDED = "field_added"
    """`after`: names of the enabled sources, in order."""
    FIELD_REMOVED = "field_removed"
    """`before`: names of the enabled sources, in order."""
    REQUIRED = "required"
    """Whether the field is required for Gold."""
    WHEN_UNAVAILABLE = "when_unavailable"
    ON_DISAGREEMENT = "on_disagreement"
    KEEP_DAYS = "keep_days"
    """Days; none: for ever."""
    SOURCE_ADDED = "source_added"
    """`after`: its place from 1."""
    SOURCE_REMOVED = "source_removed"
    """`before`: its place from 1."""
    MOVED = "moved"
    """Places from 1. Sources that only made room are not named."""
    SWITCHED = "switched"
    """Whether the source is enabled."""
    THRESHOLD = "threshold"
    """The least confidence, 0 to 1; `before` is none for a source that was added, as below."""
    RELIABILITY = "reliability"


_PLACES = {
    ChangeKind.FIELD_ADDED: "new field from {after}",
    ChangeKind.FIELD_REMOVED: "field removed (was from {before})",
    ChangeKind.SOURCE_ADDED: "{source} added at place {after}",
    ChangeKind.SOURCE_REMOVED: "{source} removed from place {before}",
    ChangeKind.MOVED: "{source} moved from place {before} to {after}",
}
_POLICIES = {
    (ChangeKind.REQUIRED, "true"): "now required for Gold",
    (ChangeKind.REQUIRED, "false"): "no longer required for Gold",
    (ChangeKind.WHEN_UNAVAILABLE, "skip"): "a source that cannot be asked is skipped",
    (ChangeKind.WHEN_UNAVAILABLE, "wait"): "a source that cannot be asked is waited for",
    (ChangeKind.ON_DISAGREEMENT, "first"): "the first source above its threshold decides",
    (ChangeKind.ON_DISAGREEMENT, "surest"): "the surest source decides",
    (ChangeKind.ON_DISAGREEMENT, "majority"): "the majority of sources decides",
}


class WaterfallEdit(BaseModel):
    """One thing that differs in one field."""

    kind: ChangeKind
    provider: str | None = None
    """The source it is about; none: the field itself."""
    before: Value = None
    after: Value = None

    def sentence(self) -> str:
        """The change in words, without the field's name and without a full stop."""
        source = _title(self.provider or "")
        before, after = _told(self.before), _told(self.after)
        match self.kind:
            case ChangeKind.REQUIRED | ChangeKind.WHEN_UNAVAILABLE | ChangeKind.ON_DISAGREEMENT:
                return _POLICIES[self.kind, str(self.after).lower()]
            case ChangeKind.KEEP_DAYS:
                return _age(self.before, self.after)
            case ChangeKind.SWITCHED:
                return f"{source} switched {'on' if self.after else 'off'}"
            case ChangeKind.THRESHOLD | ChangeKind.RELIABILITY:
                return f"{self.kind} of {source} {'' if self.before is None else f'from {before} to '}{after}"
            case _:
                return _PLACES[self.kind].format(source=source, before=before, after=after)


class FieldDiff(BaseModel):
    """Everything that differs in one field."""

    field: str
    edits: list[WaterfallEdit]

    def sentence(self) -> str:
        """`label: Discogs moved from place 2 to 1; Beatport switched off`."""
        return f"{self.field}: {'; '.join(edit.sentence() for edit in self.edits)}"


def diff(old: Sequence[WaterfallField], new: Sequence[WaterfallField]) -> list[FieldDiff]:
    """The fields that differ, in alphabetical order. The order of the fields themselves means nothing."""
    before, after = {one.field: one for one in old}, {one.field: one for one in new}
    edits = {name: list(_edits(before.get(name), after.get(name))) for name in sorted({*before, *after})}
    return [FieldDiff(field=name, edits=found) for name, found in edits.items() if found]


def _edits(old: WaterfallField | None, new: WaterfallField | None) -> Iterator[WaterfallEdit]:
    if old is not None and new is not None:
        yield from _policies(old, new)
        yield from _orders(old.sources, new.sources)
        yield from _settings(old.sources, new.sources)
    elif new is not None:
        yield WaterfallEdit(kind=ChangeKind.FIELD_ADDED, after=_enabled(new))
    elif old is not None:
        yield WaterfallEdit(kind=ChangeKind.FIELD_REMOVED, before=_enabled(old))


def _policies(old: WaterfallField, new: WaterfallField) -> Iterator[WaterfallEdit]:
    pairs: tuple[tuple[ChangeKind, Value, Value], ...] = (
        (ChangeKind.REQUIRED, old.required_for_gold, new.required_for_gold),
        (ChangeKind.WHEN_UNAVAILABLE, old.when_unavailable.value, new.when_unavailable.value),
        (ChangeKind.ON_DISAGREEMENT, old.on_disagreement.value, new.on_disagreement.value),
        (ChangeKind.KEEP_DAYS, old.keep_days, new.keep_days),
    )
    for kind, before, after in pairs:
        if before != after:
            yield WaterfallEdit(kind=kind, before=before, after=after)


def _orders(old: Sequence[WaterfallStep], new: Sequence[WaterfallStep]) -> Iterator[WaterfallEdit]:
    before, after = _places(old), _places(new)
    for provider, place in before.items():
        if provider not in after:
            yield WaterfallEdit(kind=ChangeKind.SOURCE_REMOVED, provider=provider, before=place)
    for provider, place in after.items():
        if provider not in before:
            yield WaterfallEdit(kind=ChangeKind.SOURCE_ADDED, provider=provider, after=place)
    stayed = [name for name in after if name in before]
    in_order = _longest_rising([(before[name], after[name]) for name in stayed])
    for name in stayed:
        if before[name] not in in_order:
            yield WaterfallEdit(kind=ChangeKind.MOVED, provider=name, before=before[name], after=after[name])


def _settings(old: Sequence[WaterfallStep], new: Sequence[WaterfallStep]) -> Iterator[WaterfallEdit]:
    earlier = {step.provider: step for step in old}
    for step in new:
        was = earlier.get(step.provider)
        pairs: tuple[tuple[ChangeKind, Value, Value], ...] = (
            (ChangeKind.SWITCHED, was.enabled if was else True, step.enabled),
            (ChangeKind.THRESHOLD, was.min_confidence if was else None, step.min_confidence),
            (ChangeKind.RELIABILITY, was.reliability if was else None, step.reliability),
        )
        for kind, before, after in pairs:
            if before != after:
                yield WaterfallEdit(kind=kind, provider=step.provider, before=before, after=after)


def _longest_rising(places: Sequence[tuple[int, int]]) -> set[int]:
    """The most places, before and after, that already stand in rising order.

    Of several choices the one with the most sources that have the same place as before, then the lowest.
    """
    chains: list[_Chain] = []
    for place in reversed(places):
        chains.append((place, *_best([chain for chain in chains if chain[0][0] > place[0]])))
    return {before for before, _ in _best(chains)}


def _best(chains: Sequence[_Chain]) -> _Chain:
    def order(chain: _Chain) -> tuple[int, int, _Chain]:
        return -len(chain), sum(before != after for before, after in chain), chain

    return min(chains, key=order, default=())


def _places(steps: Sequence[WaterfallStep]) -> dict[str, int]:
    return {step.provider: place for place, step in enumerate(steps, start=1)}


def _enabled(field: WaterfallField) -> list[str]:
    return [step.provider for step in field.sources if step.enabled]


def _title(provider: str) -> str:
    return _TITLES.get(provider, provider)


def _told(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(_title, value)) or "no enabled source"
    return str(value)


def _age(before: Value, after: Value) -> str:
    was = "kept for ever" if before is None else f"after {before} days"
    if after is None:
        return f"values are kept for ever (before: sought again {was})"
    return f"values are sought again after {after} days (before: {was})"

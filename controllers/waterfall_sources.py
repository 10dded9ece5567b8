"""Which providers can be added to a field, and to which fields an order can be copied."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.contracts.providers import Capability, CapabilityState
from backend.contracts.waterfall import WaterfallField
from backend.contracts.waterfall_rules import PROVIDERS
from controllers.marks import Mark, Shape
from controllers.waterfall_edits import Draft, with_order_of
from controllers.waterfall_rows import UNKNOWN, Liveness
from controllers.waterfall_words import dead_words

_ENDED = Mark(Shape.OFF, "muted", "ended")


@dataclass(frozen=True)
class AddableSource:
    """A provider that is not among the sources of a field."""

    provider: str
    mark: Mark
    note: str
    choosable: bool


def addable(
    field: WaterfallField,
    live: Mapping[str, Liveness],
    capabilities: Mapping[tuple[str, str], Capability],
) -> list[AddableSource]:
    """Providers that give the field, then those that no longer do, with why.

    While nothing is known of what providers give, all of them.
    """
    present = {step.provider for step in field.sources}
    found = []
    for name in PROVIDERS:
        capability = capabilities.get((name, field.field))
        if name not in present and (capability is not None or not capabilities):
            found.append(_source(name, capability, live.get(name, UNKNOWN)))
    return sorted(found, key=lambda source: not source.choosable)


def _source(name: str, capability: Capability | None, live: Liveness) -> AddableSource:
    if capability is None:
        return AddableSource(name, live.mark, f"{live.words} · whether it gives the field is unknown", True)
    if dead := dead_words(capability):
        return AddableSource(name, _ENDED, dead, False)
    limits = f"restricted: {capability.note}" if capability.state is CapabilityState.RESTRICTED else ""
    note = " · ".join(part for part in (live.words, limits or capability.note) if part)
    return AddableSource(name, live.mark, note, True)


def copy_targets(draft: Draft, name: str) -> dict[str, str]:
    """Fields whose order would change, and the order of their sources afterwards in words."""
    others = [field.field for field in draft.fields if field.field != name]
    copied = with_order_of(draft, name, others)
    pairs = zip(draft.fields, copied.fields, strict=True)
    return {
        after.field: " → ".join(step.provider for step in after.sources)
        for before, after in pairs
        if before != after
    }

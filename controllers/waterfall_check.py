"""What stands against applying a draft, and what its author should know before."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.contracts.providers import Capability
from backend.contracts.waterfall import WaterfallProblem, WhenUnavailable
from backend.contracts.waterfall_rules import problems, warnings
from controllers.waterfall_edits import Draft
from controllers.waterfall_rows import UNKNOWN, Liveness
from controllers.waterfall_words import dead_words

_MEANWHILE = {
    WhenUnavailable.SKIP: "Until it can, the sources after it are taken and the values marked degraded.",
    WhenUnavailable.WAIT: "Until it can, the field stays as it is.",
}


@dataclass(frozen=True)
class Check:
    """Problems keep a draft from being applied; notes do not."""

    problems: tuple[WaterfallProblem, ...] = ()
    notes: tuple[WaterfallProblem, ...] = ()


def check(
    draft: Draft,
    live: Mapping[str, Liveness],
    capabilities: Mapping[tuple[str, str], Capability],
) -> Check:
    """The rules over the whole draft; notes of the fields that it changes."""
    notes = [each for each in warnings(draft.fields) if each.field in draft.changed]
    notes += _sources(draft, live, capabilities)
    return Check(tuple(problems(draft.fields)), tuple(notes))


def _sources(
    draft: Draft, live: Mapping[str, Liveness], capabilities: Mapping[tuple[str, str], Capability]
) -> list[WaterfallProblem]:
    """Sources of changed fields that give the field no more, or cannot be asked now."""
    found = []
    for name in draft.changed:
        field = draft.field(name)
        if field is None:
            continue
        for step in field.sources:
            capability = capabilities.get((step.provider, name))
            why = _why(capability, live.get(step.provider, UNKNOWN), _MEANWHILE[field.when_unavailable])
            if step.enabled and why:
                found.append(WaterfallProblem(field=name, provider=step.provider, problem=why))
    return found


def _why(capability: Capability | None, live: Liveness, meanwhile: str) -> str:
    if dead := dead_words(capability):
        return f"It gives this field no more ({dead.rstrip('.')}). Switch it off here."
    return f"It cannot be asked now: {live.unavailable}. {meanwhile}" if live.unavailable else ""

"""What stands against applying a draft, and what its author should know before."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.contracts.providers import Capability
from backend.contracts.waterfall import WaterfallProblem
from backend.contracts.waterfall_rules import problems, warnings
from controllers.waterfall_edits import Draft
from controllers.waterfall_rows import Liveness
from controllers.waterfall_words import dead_words


@dataclass(frozen=True)
class Check:
    """Problems keep a draft from being applied; notes do not."""

    problems: tuple[WaterfallProblem, ...] = ()
    notes: tuple[WaterfallProblem, ...] = ()

    @property
    def wrong_fields(self) -> frozenset[str]:
        """Fields with a problem."""
        return frozenset(each.field for each in self.problems)


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
        for step in field.sources if field is not None else ():
            if step.enabled and (why := _why(step.provider, name, live, capabilities)):
                found.append(WaterfallProblem(field=name, provider=step.provider, problem=why))
    return found


def _why(
    provider: str,
    field: str,
    live: Mapping[str, Liveness],
    capabilities: Mapping[tuple[str, str], Capability],
) -> str:
    if dead := dead_words(capabilities.get((provider, field))):
        return f"It gives this field no more ({dead.rstrip('.')}). Switch it off here."
    unavailable = live[provider].unavailable if provider in live else ""
    if unavailable:
        return (
            f"It cannot be asked now: {unavailable}. Until it can, this draft cannot show what it promises."
        )
    return ""

"""What policies, values and figures of the waterfall are called."""

from collections.abc import Sequence
from typing import Any

from backend.contracts.providers import Capability, CapabilityState
from backend.contracts.waterfall import OnDisagreement, WaterfallConfiguration, WhenUnavailable
from controllers.wording import count, local_time, plural, rough

NONE = "—"

DISAGREEMENT = {
    OnDisagreement.FIRST: "first above threshold",
    OnDisagreement.SUREST: "the surest source",
    OnDisagreement.MAJORITY: "the majority",
}
"""When sources disagree, … is taken."""

UNAVAILABLE = {
    WhenUnavailable.SKIP: "skip it, fill later",
    WhenUnavailable.WAIT: "wait for it",
}
"""When a source cannot be asked: …"""

RULES = {
    OnDisagreement.FIRST: "first source above its threshold wins",
    OnDisagreement.SUREST: "surest source above its threshold wins",
    OnDisagreement.MAJORITY: "what most sources say wins",
}
"""How the order of the sources is to be read."""


def dead_words(capability: Capability | None) -> str:
    """Why a provider no longer gives a field; empty when it does, or when nothing is known against it."""
    if capability is None or capability.state is not CapabilityState.ENDED:
        return ""
    since = f"ended {capability.since}" if capability.since else "ended"
    return f"{since}: {capability.note}" if capability.note else since


def restricted_words(capability: Capability | None) -> str:
    """Under which conditions a provider gives a field; empty when there are none."""
    if capability is None or capability.state is CapabilityState.ENDED:
        return ""
    return capability.note


def value_words(value: Any) -> str:
    """A value of any field; a dash when there is none."""
    match value:
        case None | "" | []:
            return NONE
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(value_words(each) for each in value)
        case dict():
            return ", ".join(f"{name} {value_words(each)}" for name, each in value.items())
        case _:
            return str(value)


def confidence_words(value: float | None) -> str:
    """`0.84`; a dash when there is none."""
    return NONE if value is None else f"{value:.2f}"


def delta_words(value: float, digits: int = 1) -> str:
    """`+5.7`, `−0.4`, or `±0` where nothing would be seen of it."""
    rounded = round(value, digits)
    if rounded == 0:
        return "±0"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.{digits}f}"


def hours_words(hours: float | None) -> str:
    """`2 h 47`, `38 min` or `20 s`; a dash when it is not known."""
    if hours is None:
        return NONE
    seconds = hours * 3600
    if seconds < 3570:
        return rough(seconds)
    minutes = round(seconds / 60)
    return f"{count(minutes // 60)} h {minutes % 60:02}"


def hours_delta_words(before: float | None, after: float | None) -> str:
    """`+4 min` or `−2 h 10`."""
    if before is None or after is None:
        return NONE
    difference = after - before
    if abs(difference) * 3600 < 1:
        return "±0"
    return f"{'+' if difference > 0 else '−'}{hours_words(abs(difference))}"


def draft_words(version: int, changed: Sequence[str]) -> str:
    """`Draft on v7 · 2 fields changed`, or `v7 in force`."""
    if not changed:
        return f"v{version} in force"
    return f"Draft on v{version} · {plural(len(changed), 'field')} changed"


def names(fields: Sequence[str], most: int = 4) -> str:
    """`label, genres and 3 more`."""
    if len(fields) <= most:
        return ", ".join(fields)
    return f"{', '.join(fields[: most - 1])} and {len(fields) - most + 1} more"


def conflict_title(theirs: WaterfallConfiguration) -> str:
    """Who came first, when, and why."""
    comment = f" “{theirs.comment}”" if theirs.comment else ""
    author = theirs.author or "somebody"
    return (
        f"Version {theirs.version} by {author} came into force at {local_time(theirs.activated_at, '%H:%M')} "
        f"while you were editing.{comment}"
    )


def conflict_sentence(theirs: Sequence[str], contested: Sequence[str]) -> str:
    """What they changed, and what of it has to be decided."""
    if not theirs:
        return "It changes nothing against the version your draft stands on. Your draft is kept."
    both = f" You both changed {names(contested)}, which has to be decided." if contested else ""
    return (
        f"It changes {names(theirs)}.{both} Nothing of yours is lost and nothing is applied until you decide."
    )

"""What each action on a breaker is called, and what it will do."""

from dataclasses import dataclass

from backend.contracts.control import AuditAction, ControlAction, ControlAudit
from backend.contracts.live import BreakerTransition
from backend.contracts.providers import BreakerStatus, ProviderStatus
from controllers.breakers_conditions import MARKS, condition_of
from controllers.breakers_control import Conflict
from controllers.breakers_detail import window_words
from controllers.breakers_rows import failed, failing_share
from controllers.wording import count, local_time, plural

PROBE_REASON = "Test call from the console"


@dataclass(frozen=True)
class ActionWords:
    """Title of the dialogue, consequence, and the verb to press."""

    title: str
    consequence: str
    verb: str
    lasts: bool
    """Whether it ends by itself after a time."""


_WORDS = {
    ControlAction.FORCE_OPEN: ActionWords(
        "Force open {name}?",
        "Every call to {name} is refused from now on, on all replicas. Fields it feeds come from the sources "
        "after it, or stay empty and are marked as degraded.",
        "Force open",
        lasts=True,
    ),
    ControlAction.DISABLE: ActionWords(
        "Disable the breakers of {name}?",
        "Every call passes and nothing is recorded: if {name} fails, it is called on and on until this ends.",
        "Disable",
        lasts=True,
    ),
    ControlAction.SHADOW: ActionWords(
        "Put {name} into shadow mode?",
        "Every call passes. The breakers go on measuring and say when they would have opened.",
        "Start shadow mode",
        lasts=True,
    ),
    ControlAction.CLOSE: ActionWords(
        "Reset {name}?",
        "Ends what was forced, closes its breakers, and starts window and waiting times afresh. All calls "
        "pass at once; if {name} still fails, the breakers open again after their minimum number of calls.",
        "Reset",
        lasts=False,
    ),
    ControlAction.PROBE: ActionWords(
        "Probe {name} now?",
        "Lets probes through now instead of at the end of the waiting time.",
        "Probe now",
        lasts=False,
    ),
}


def words_of(action: ControlAction, name: str) -> ActionWords:
    """The words of an action on a provider."""
    words = _WORDS[action]
    return ActionWords(
        words.title.format(name=name), words.consequence.format(name=name), words.verb, words.lasts
    )


def present_window(status: ProviderStatus) -> str:
    """What happens to calls right now, for somebody about to let them all pass."""
    breaker, traffic = status.circuit_breaker, status.traffic
    others = ", ".join(
        f"{count(number)} {outcome.replace('_', ' ')}" for outcome, number in sorted(traffic.outcomes.items())
    )
    last = f"Last minute: {plural(traffic.calls, 'call')}, {failing_share(traffic)} failing"
    return (
        f"{MARKS[condition_of(breaker)].word.capitalize()}. Window: {window_words(breaker)}; "
        f"opens at {100 * breaker.failure_threshold:.0f} %. {last}" + (f" ({others})." if others else ".")
    )


def is_failing(status: ProviderStatus) -> bool:
    """Whether calls to a provider fail at present."""
    return bool(status.circuit_breaker.failures_in_window or failed(status.traffic))


def state_line(breaker: BreakerStatus | None) -> str:
    """A breaker's state for comparing two of them."""
    if breaker is None:
        return "not there any more"
    control = breaker.control
    who = f" by {control.author}: {control.reason}" if control.author else ""
    return f"{MARKS[condition_of(breaker)].word.capitalize()}{who} (epoch {breaker.epoch})"


def conflict_title(conflict: Conflict) -> str:
    """What happened, in a sentence."""
    name = conflict.intent.provider
    if conflict.audit:
        return f"Somebody changed {name} before you. Nothing was done."
    return f"{name} has changed since you looked. Nothing was done."


def conflict_lines(conflict: Conflict) -> list[tuple[str, str]]:
    """What changed: the state seen, the state now, and who did what in between."""
    lines = [
        ("You saw", state_line(conflict.intent.seen)),
        ("Now", state_line(conflict.now)),
    ]
    return lines + [("Meanwhile", _did(each)) for each in conflict.audit[:3]]


def moved_words(transition: BreakerTransition) -> str:
    """A change of state as a screen reader says it."""
    before, after = (state.value.replace("_", "-") for state in (transition.from_state, transition.to_state))
    why = f": {transition.reason}" if transition.reason else ""
    return f"{transition.provider} {transition.endpoint} went from {before} to {after}{why}"


def _did(entry: ControlAudit) -> str:
    forgot = entry.action is AuditAction.FORGET_ANSWERS
    verb = "Cached answers forgotten" if forgot else _WORDS[ControlAction(entry.action.value)].verb
    return f"{verb} by {entry.author} at {local_time(entry.at)}: {entry.reason}"

"""`dead-letters contrast`: what sets the payloads of a cause apart."""

from app.commands.options import Common
from backend.contracts.dead_letter_contrast import ContrastBasis, ContrastField, FieldState
from backend.contracts.runs import ExitCode

_BASES = {
    ContrastBasis.RESOLVED: "that were processed in the end",
    ContrastBasis.OTHER_CAUSES: "that failed otherwise",
}


def contrast(cause: str, *, common: Common | None = None) -> int:
    """Say which fields differ most between the payloads of a cause and others of the same queue."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().dead_letters().contrast(common.environment, cause)
    terminal.event("contrast", **found.model_dump(mode="json"))
    terminal.say(f"{found.failing} payloads of this cause, {found.others} {_BASES[found.basis]}.")
    for field in found.fields:
        terminal.say(f"  {field.failing:>5.0%} against {field.others:>4.0%}  {_words(field)}")
    if not found.is_enough:
        terminal.say("Too few to say anything.")
    elif not found.fields:
        terminal.say("No field differs much: the cause is not in the payloads.")
    return ExitCode.DONE


def _words(field: ContrastField) -> str:
    value = field.value if field.state is FieldState.VALUE else field.state.value
    return f"{field.path} is {value}"

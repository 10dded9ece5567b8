"""A JSON Patch as it is typed, and what a dry run of it says."""

import json
from typing import Any, Final

from backend.contracts.dead_letter_operations import PatchTrial
from controllers.wording import count

EXAMPLE: Final = """[
  { "op": "test", "path": "/artist_name", "value": "" },
  { "op": "replace", "path": "/artist_name", "value": "Unknown Artist" }
]"""
_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
_MOST_FAILURES = 3


class PatchTextError(ValueError):
    """It cannot be sent as it is typed; the text says what is wrong."""


def read_patch_text(text: str) -> list[dict[str, Any]]:
    """The steps. What a step needs beyond its name is checked by the service, which says it in words."""
    try:
        steps = json.loads(text)
    except json.JSONDecodeError as error:
        raise PatchTextError(f"Not JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError) as error:
        raise PatchTextError(f"Not JSON: {error}.") from None
    if not isinstance(steps, list) or not steps:
        raise PatchTextError("A patch is a list with at least one step.")
    for number, step in enumerate(steps, start=1):
        if not isinstance(step, dict) or step.get("op") not in _OPERATIONS:
            raise PatchTextError(f"Step {number} needs an “op”: {', '.join(_OPERATIONS)}.")
    return steps


def trial_words(trial: PatchTrial) -> tuple[tuple[str, str], ...]:
    """Words and tone of the three counts; a sign of colour only where there is something."""
    return (
        (f"{count(trial.applies)} apply", "ok" if trial.applies else "muted"),
        (f"{count(trial.fails)} fail", "bad" if trial.fails else "muted"),
        (f"{count(trial.unchanged)} unchanged", "muted"),
    )


def failure_words(trial: PatchTrial) -> str:
    """Why it fails, most first."""
    told = [f"{count(one.count)} × {one.name}" for one in trial.failures[:_MOST_FAILURES]]
    more = len(trial.failures) - _MOST_FAILURES
    return "\n".join([*told, f"and {more} more reasons"] if more > 0 else told)

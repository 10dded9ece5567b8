"""`access`: whether production may be changed from here, and unlocking it for a while."""

from typing import Annotated

from cyclopts import App, Parameter

from app.commands.options import Common
from app.terminal import Terminal
from backend.contracts.access import DEFAULT_MINUTES, AccessState
from backend.contracts.runs import ExitCode


def show(*, common: Common | None = None) -> int:
    """Say whether the environment is read-only, and until when it is not."""
    common = common or Common()
    return _tell(common.terminal(), common.composition().access().state(common.environment))


def unlock(
    *,
    reason: Annotated[str, Parameter(help="Why; it is kept with your name.")],
    minutes: Annotated[int, Parameter(help="For how long.")] = DEFAULT_MINUTES,
    common: Common | None = None,
) -> int:
    """Allow changes in production for a while, on the command line and in the window."""
    common = common or Common()
    access = common.composition().access()
    return _tell(common.terminal(), access.unlock(common.environment, minutes, reason))


def lock(*, common: Common | None = None) -> int:
    """Make production read-only again now. What is at work already goes on."""
    common = common or Common()
    return _tell(common.terminal(), common.composition().access().lock(common.environment))


def _tell(terminal: Terminal, state: AccessState) -> int:
    terminal.event("access", read_only=state.read_only, **state.model_dump(mode="json"))
    name = state.environment
    if not state.protected:
        terminal.say(f"{name} can be changed: only production opens read-only.")
    elif state.until is None:
        terminal.say(f"{name} is read-only.", "bold")
    else:
        ends = f"{state.until.astimezone():%H:%M:%S}"
        terminal.say(f"{name} can be changed until {ends}: unlocked by {state.by}: {state.reason}", "yellow")
    return ExitCode.DONE


ACCESS = App(name="access", help="Read-only production: unlock it for a while, lock it again.")
ACCESS.default(show)
ACCESS.command(unlock, name="unlock")
ACCESS.command(lock, name="lock")

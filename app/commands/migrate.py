"""`migrate`: the schema alone, with its own backup."""

from typing import Annotated

from cyclopts import Parameter

from app.commands.deploy import confirm
from app.commands.options import Common
from app.terminal import Terminal, counted
from backend.contracts.runs import ExitCode
from backend.deployment.standalone_migration import apply_all, pending_names, take_back_last_batch
from backend.targets.port import Target


def migrate(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="List what is pending; change nothing.")] = False,
    rollback: Annotated[bool, Parameter(negative="", help="Take the last batch back.")] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    common: Common | None = None,
) -> int:
    """Apply the pending migrations after a verified backup, or take the last batch back."""
    common = common or Common()
    terminal, composition = common.terminal(), common.composition()
    target = composition.target(common.environment)
    if dry_run:
        return _list(terminal, target)
    composition.write_access.guard(target.environment)
    common.refuse_unwritable_home()
    if rollback:
        if not yes:
            confirm(terminal, target.environment, "Take back the last batch of migrations?")
        names = take_back_last_batch(target, terminal.output)
        terminal.event("migrations", taken_back=names)
        terminal.say(f"{counted(len(names), 'migration')} taken back: {', '.join(names) or 'none'}", "bold")
        return ExitCode.DONE
    names = apply_all(target, terminal.output)
    terminal.event("migrations", applied=names)
    said = f"{counted(len(names), 'migration')} applied: {', '.join(names) or 'none was pending'}"
    terminal.say(said, "bold green")
    return ExitCode.DONE


def _list(terminal: Terminal, target: Target) -> int:
    names = pending_names(target)
    terminal.event("migrations", pending=names)
    for name in names:
        terminal.say(f"would apply {name}")
    if not names:
        terminal.say("Nothing is pending.")
    terminal.say("Dry run: nothing was changed.", "bold")
    return ExitCode.DONE

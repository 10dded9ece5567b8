"""Operations on dead letters: list, follow, accept the sample, pause, resume, cancel."""

import time
from typing import Annotated

from cyclopts import Parameter

from app.commands.options import Common
from app.dead_letters_port import DeadLetters
from app.terminal import Terminal, duration
from backend.contracts.dead_letter_operations import (
    FINISHED_STATES,
    Operation,
    OperationCommand,
    OperationControl,
    OperationState,
)
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode

_LOOK_SECONDS = 0.5
_WAITING = (*FINISHED_STATES, OperationState.DECIDING, OperationState.PAUSED)
"""States in which nothing goes on by itself."""
Reason = Annotated[str, Parameter(help="Why; it is kept with your name.")]


def list_operations(
    *,
    limit: Annotated[int, Parameter(help="How many, newest first.")] = 20,
    common: Common | None = None,
) -> int:
    """List operations, newest first."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().dead_letters().operations(common.environment, limit)
    for operation in found:
        tell(terminal, operation)
    if not found:
        terminal.say("There was no operation yet.")
    return ExitCode.DONE


def watch(operation: str, *, common: Common | None = None) -> int:
    """Follow an operation until it ends, pauses, or waits for a decision."""
    common = common or Common()
    return follow(common, common.composition().dead_letters(), operation)


def accept(operation: str, *, reason: Reason = "", common: Common | None = None) -> int:
    """The sample is good enough: send the rest."""
    return _command(operation, OperationCommand.ACCEPT, reason, common)


def pause(operation: str, *, reason: Reason = "", common: Common | None = None) -> int:
    """Send nothing more for now."""
    return _command(operation, OperationCommand.PAUSE, reason, common)


def resume(operation: str, *, reason: Reason = "", common: Common | None = None) -> int:
    """Go on."""
    return _command(operation, OperationCommand.RESUME, reason, common)


def pace(
    operation: str,
    per_second: Annotated[
        float | None, Parameter(help="Letters a second; by omission as fast as the limits allow.")
    ] = None,
    *,
    common: Common | None = None,
) -> int:
    """Change the pace while it runs."""
    common = common or Common()
    letters = common.composition().dead_letters()
    control = OperationControl(
        command=OperationCommand.PACE,
        version=letters.operation(common.environment, operation).version,
        author=letters.operator(),
        per_second=per_second,
    )
    tell(common.terminal(), letters.control_operation(common.environment, operation, control))
    return ExitCode.DONE


def cancel(operation: str, *, reason: Reason = "", common: Common | None = None) -> int:
    """Send nothing more. What was sent stays sent, and its outcome is still counted."""
    return _command(operation, OperationCommand.CANCEL, reason, common)


def start(common: Common, letters: DeadLetters, operation: Operation, typed_count: int | None) -> Operation:
    """Start what was frozen; what it is then."""
    control = OperationControl(
        command=OperationCommand.START,
        version=operation.version,
        author=letters.operator(),
        typed_count=typed_count,
    )
    started = letters.control_operation(common.environment, operation.id, control)
    terminal = common.terminal()
    terminal.event("started", operation=started.id)
    terminal.say(f"Operation {started.id} is under way.")
    return started


def withdraw(common: Common, letters: DeadLetters, operation: Operation) -> None:
    """Cancel what was frozen and not started."""
    control = OperationControl(
        command=OperationCommand.CANCEL,
        version=operation.version,
        author=letters.operator(),
        reason="the number of letters changed before it started",
    )
    letters.control_operation(common.environment, operation.id, control)


def follow(common: Common, letters: DeadLetters, operation_id: str) -> int:
    """Print progress until nothing goes on by itself; what that means as an exit code."""
    terminal, told = common.terminal(), None
    while True:
        operation = letters.operation(common.environment, operation_id)
        shown = (operation.state, tuple(operation.counts.items()))
        if shown != told:
            tell(terminal, operation)
            told = shown
        if operation.state in _WAITING:
            return _ended(terminal, operation)
        time.sleep(_LOOK_SECONDS)


def tell(terminal: Terminal, operation: Operation) -> None:
    """One line on how an operation stands."""
    terminal.event("operation", **operation.model_dump(mode="json"))
    counts = ", ".join(f"{count} {outcome}" for outcome, count in operation.counts.items() if count)
    pace = f", {operation.per_second_now:.1f}/s" if operation.per_second_now else ""
    left = f", {duration(operation.seconds_left)} left" if operation.seconds_left else ""
    terminal.say(
        f"{operation.id}  {operation.kind.value:<10} {operation.state.value:<10} "
        f"{operation.total} letters: {counts}{pace}{left}"
    )
    if operation.state_reason:
        terminal.say(f"  {operation.state_reason}")


def _ended(terminal: Terminal, operation: Operation) -> int:
    if operation.state is OperationState.DECIDING and operation.canary is not None:
        sample = operation.canary
        told = "none of it is back" if sample.predicted is None else f"{sample.predicted:.0%} succeeded"
        if sample.low is not None and sample.high is not None:
            told += f"; of the rest {sample.low:.0%} to {sample.high:.0%} are expected to"
        terminal.say(f"The sample of {sample.size} is back: {told}.", "bold")
        terminal.say(f"Go on: main.py dead-letters accept {operation.id}")
        return ExitCode.DONE
    if operation.state is OperationState.PAUSED:
        terminal.say(f"Go on: main.py dead-letters resume {operation.id}")
        return ExitCode.INCONCLUSIVE
    return ExitCode.FAILED if operation.state is OperationState.FAILED else ExitCode.DONE


def _command(operation_id: str, command: OperationCommand, reason: str, common: Common | None) -> int:
    common = common or Common()
    letters = common.composition().dead_letters()
    found = letters.operation(common.environment, operation_id)
    control = OperationControl(
        command=command, version=found.version, author=letters.operator(), reason=reason
    )
    tell(common.terminal(), letters.control_operation(common.environment, operation_id, control))
    return ExitCode.DONE


def refuse_unasked(terminal: Terminal, count: int, verb: str) -> None:
    """Ask whether to go on; OperatorError when the answer is no, or nobody can be asked."""
    if not terminal.is_interactive:
        raise OperatorError(
            f"{verb} {count} letters: nobody can be asked. Nothing was done.",
            "Say --yes, or look with --dry-run.",
            exit_code=ExitCode.REFUSED,
        )
    if not terminal.confirm(f"{verb} {count} letters?", str(count)):
        raise OperatorError("Nothing was done.", exit_code=ExitCode.REFUSED)

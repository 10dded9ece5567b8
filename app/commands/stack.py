"""`up`, `down` and `status`."""

import time

from app.commands.options import Common
from app.stack import Stack
from app.terminal import Terminal, counted
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.stack import ServiceState, ServiceStatus, StackStatus
from backend.targets.port import Target

_START_SECONDS = 20.0
_POLL_SECONDS = 0.2
_COLOURS = {
    ServiceState.HEALTHY: "green",
    ServiceState.DEGRADED: "yellow",
    ServiceState.STARTING: "cyan",
    ServiceState.CRASHED: "red",
}


def up(*, common: Common | None = None) -> int:
    """Start the stack on the releases it ran last."""
    common = common or Common()
    terminal = common.terminal()
    composition = common.composition()
    target = composition.target(common.environment)
    common.refuse_unwritable_home()
    composition.stack().up(common.environment, terminal.output)
    crashed = _crashed_at_start(target)
    _wait_until_they_answer(composition.stack(), common.environment)
    _show(common, terminal)
    if crashed:
        raise _not_up(common.environment, crashed)
    return ExitCode.DONE


def down(*, common: Common | None = None) -> int:
    """Stop the stack; its data stays."""
    common = common or Common()
    common.composition().stack().down(common.environment, common.terminal().output)
    return ExitCode.DONE


def status(*, common: Common | None = None) -> int:
    """Show what runs."""
    common = common or Common()
    _show(common, common.terminal())
    return ExitCode.DONE


def _crashed_at_start(target: Target) -> list[str]:
    """Wait until every process has come up or crashed; one that still starts after a while is no crash.

    The supervisor starts a crashed process again and again, so that a later look may find it starting.
    """
    deadline = time.monotonic() + _START_SECONDS
    while True:
        found = target.services()
        starting = any(service.state is ServiceState.STARTING for service in found)
        if not starting or time.monotonic() > deadline:
            return [service.name for service in found if service.state is ServiceState.CRASHED]
        time.sleep(_POLL_SECONDS)


def _wait_until_they_answer(stack: Stack, environment: str) -> None:
    """A process that has come up takes a moment until it listens; one that never does is shown as it is."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        services = stack.status(environment).services
        if not any(one.process_id and one.state is ServiceState.UNKNOWN for one in services):
            return
        time.sleep(_POLL_SECONDS)


def _not_up(environment: str, crashed: list[str]) -> OperatorError:
    logs = "its log" if len(crashed) == 1 else "their logs"
    return OperatorError(
        f"The stack is not up: {', '.join(crashed)} crashed.",
        f"Read {logs} in the home folder's environments/{environment}/logs, then deploy or roll back.",
    )


def _show(common: Common, terminal: Terminal) -> None:
    found = common.composition().stack().status(common.environment)
    terminal.event("status", **found.model_dump(mode="json"))
    _print_status(terminal, found)


def _print_status(terminal: Terminal, found: StackStatus) -> None:
    if not found.deployed:
        terminal.say(f"Nothing is deployed on {found.environment} yet.", "bold")
    else:
        schema = found.schema_revision or "unknown"
        terminal.say(f"{found.environment}: release {found.release}, schema {schema}", "bold")
    for service in found.services:
        terminal.say(_line(service), _COLOURS.get(service.state, ""))
    if found.layers is not None:
        layers = found.layers
        terminal.say(f"rows: Bronze {layers.bronze}, Silver {layers.silver}, Gold {layers.gold}")
    if found.lock is not None:
        terminal.say(
            f"lock held by {found.lock.operator}@{found.lock.host} since {found.lock.since:%H:%M:%S}"
        )
    for problem in found.problems:
        terminal.finding(problem)


def _line(service: ServiceStatus) -> str:
    state = service.state.value
    milliseconds = f"  {service.health_ms:.0f} ms" if service.health_ms is not None else ""
    restarts = f"  {counted(service.restarts, 'restart')}" if service.restarts else ""
    return f"  {service.name:<22} {state:<10} {service.address:<18} {service.release}{milliseconds}{restarts}"

"""`up`, `down` and `status`."""

from app.commands.options import Common
from app.terminal import Terminal
from backend.contracts.runs import ExitCode
from backend.contracts.stack import ServiceState, ServiceStatus, StackStatus
from backend.targets.port import Output

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
    common.composition().stack().up(common.environment, _printer(terminal))
    return _show(common, terminal)


def down(*, common: Common | None = None) -> int:
    """Stop the stack; its data stays."""
    common = common or Common()
    common.composition().stack().down(common.environment, _printer(common.terminal()))
    return ExitCode.DONE


def status(*, common: Common | None = None) -> int:
    """Show what runs."""
    common = common or Common()
    return _show(common, common.terminal())


def _printer(terminal: Terminal) -> Output:
    def output(source: str, text: str) -> None:
        terminal.event("output", source=source, text=text)
        terminal.say(f"{source}: {text}")

    return output


def _show(common: Common, terminal: Terminal) -> int:
    found = common.composition().stack().status(common.environment)
    terminal.event("status", **found.model_dump(mode="json"))
    _print_status(terminal, found)
    return ExitCode.DONE


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
    return f"  {service.name:<22} {state:<10} {service.address:<18} {service.release}{milliseconds}"

"""`validate`, `health` and `smoke`: look and tell."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from app.commands.options import Common, Flag
from app.terminal import Terminal, counted
from backend.clients.services import ServiceClient
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ExitCode, Finding
from backend.deployment.checks import failures, health, smoke
from backend.deployment.steps.validate import validate as run_validation


def validate(*, common: Common | None = None) -> int:
    """Check that the environment can carry a deployment. Changes nothing."""
    common = common or Common()
    terminal = common.terminal()
    found = list(run_validation(common.composition().target(common.environment)))
    terminal.findings(found)
    return _verdict(terminal, found, "Everything a deployment needs is there.")


def check_health(
    *,
    service: str | None = None,
    timeout: Annotated[float, Parameter(help="Seconds to wait with --wait.")] = 30.0,
    wait: Annotated[bool, Flag] = False,
    common: Common | None = None,
) -> int:
    """Check that every part of the stack is healthy."""
    common = common or Common()
    terminal = common.terminal()
    target = common.composition().target(common.environment)
    _refuse_unknown(service, health.known_services(target))
    with ServiceClient(target.environment, target.admin_token()) as client:
        seconds = timeout if wait else 0.0
        found = health.wait(lambda: health.check(target, client, service), seconds, _silent)
    terminal.findings(found)
    return _verdict(terminal, found, "Everything is healthy.")


def smoke_tests(*, verbose: Annotated[bool, Flag] = False, common: Common | None = None) -> int:
    """Ask the stack the ten questions of the smoke tests."""
    common = common or Common()
    terminal, composition = common.terminal(), common.composition()
    target = composition.target(common.environment)
    # They enrich a track of their own, and take it out again.
    composition.write_access.guard(target.environment)
    found: list[Finding] = []
    with ServiceClient(target.environment, target.admin_token()) as client:
        for result in smoke.run(target, client):
            found.append(result)
            shown = result if verbose or result.state is not CriterionState.MET else _short(result)
            terminal.finding(shown)
    return _verdict(terminal, found, "All smoke tests passed.")


def _short(found: Finding) -> Finding:
    return found.model_copy(update={"evidence": ""})


def _silent(_findings: Sequence[Finding]) -> None:
    """The last look is printed; those before it are not."""


def _refuse_unknown(service: str | None, known: Sequence[str]) -> None:
    if service is not None and service not in known:
        raise OperatorError(
            f"There is no service {service}.",
            f"Known are: {', '.join(known)}.",
            exit_code=ExitCode.USAGE,
        )


def _verdict(terminal: Terminal, found: Sequence[Finding], well: str) -> int:
    bad = failures(found)
    warnings = sum(1 for f in found if f.state is CriterionState.WARNING)
    counts = {"checks": len(found), "failed": len(bad), "warnings": warnings}
    terminal.event("summary", **counts)
    terminal.say("")
    if bad:
        terminal.say(f"{len(bad)} of {counted(len(found), 'check')} failed.", "bold red")
        return ExitCode.FAILED
    terminal.say(well + (f" {counted(warnings, 'warning')}." if warnings else ""), "bold green")
    return ExitCode.DONE

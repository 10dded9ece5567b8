"""`deploy`: plan, confirm, start a runner, follow it."""

from typing import Annotated

from cyclopts import Parameter

from app.commands.options import Common, Flag
from app.composition import Composition
from app.follow import Follower
from app.terminal import Terminal
from backend.contracts.environment import Environment, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, ExitCode


def deploy(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Print the plan; change nothing.")] = False,
    skip_tests: Annotated[bool, Parameter(negative="", help="Skip the smoke tests.")] = False,
    skip_backup: Annotated[bool, Parameter(negative="", help="Skip the database backup.")] = False,
    rollback: Annotated[bool, Parameter(help="Roll back by itself when a step fails.")] = True,
    watch: Annotated[int | None, Parameter(help="Minutes that step 10 watches.")] = None,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    reason: Annotated[str, Parameter(help="Why; shown to whoever meets the lock.")] = "",
    resume: Annotated[str | None, Parameter(help="Continue this interrupted run.")] = None,
    verbose: Annotated[bool, Flag] = False,
    common: Common | None = None,
) -> int:
    """Deploy the enrichment stack, through all ten steps of the playbook."""
    common = common or Common()
    terminal, composition = common.terminal(), common.composition()
    if resume is not None:
        composition.runs().resume(resume)
        return _follow(composition, terminal, resume, verbose=verbose)
    environment = composition.environments.get(common.environment)
    options = _options(environment, skip_tests, skip_backup, rollback, watch, reason)
    plan = composition.runs().plan_deploy(environment.name, options)
    if dry_run:
        terminal.plan(plan)
        terminal.say("Dry run: nothing was created and nothing was changed.", "bold")
        return ExitCode.DONE
    if not yes:
        terminal.plan(plan)
        confirm(terminal, environment, "Deploy?")
    run_id = composition.runs().start_deploy(environment.name, options)
    terminal.say(f"Deployment {run_id} of release {plan.release} on {environment.name}", "bold")
    return _follow(composition, terminal, run_id, verbose=verbose)


def confirm(terminal: Terminal, environment: Environment, question: str) -> None:
    """Ask the person; OperatorError with exit code 4 when nobody says yes."""
    if not terminal.is_interactive:
        raise OperatorError(
            "Nobody is there to confirm, so nothing was started.",
            "Add --yes when this is meant.",
            exit_code=ExitCode.REFUSED,
        )
    answer = environment.name if environment.tier is Tier.PRODUCTION else "yes"
    if not terminal.confirm(question, answer):
        raise OperatorError("Not confirmed, so nothing was started.", exit_code=ExitCode.REFUSED)


def _options(
    environment: Environment,
    skip_tests: bool,
    skip_backup: bool,
    rollback: bool,
    watch: int | None,
    reason: str,
) -> DeployOptions:
    minutes = environment.default_watch_minutes if watch is None else watch
    if not 0 <= minutes <= 240:
        raise OperatorError(f"--watch takes 0 to 240 minutes, not {minutes}.", exit_code=ExitCode.USAGE)
    return DeployOptions(
        skip_tests=skip_tests,
        skip_backup=skip_backup,
        automatic_rollback=rollback,
        watch_minutes=minutes,
        reason=reason,
    )


def _follow(composition: Composition, terminal: Terminal, run_id: str, *, verbose: bool) -> int:
    return Follower(composition.reader, terminal, verbose=verbose).follow(run_id)

"""`runs`, `runs show`, `runs stop`: history and receipts."""

from typing import Annotated

from cyclopts import App, Parameter

from app.commands.options import Common
from app.follow import Follower
from app.terminal import Terminal, duration
from backend.contracts.runs import Control, ExitCode, Run


def list_runs(
    *,
    limit: Annotated[int, Parameter(help="How many, newest first.")] = 20,
    common: Common | None = None,
) -> int:
    """List deployments and rollbacks, newest first."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().runs().runs(common.environment, limit)
    if not found:
        terminal.say(f"There was no run on {common.environment} yet.")
    for run in found:
        values = {"id": run.id, "kind": run.kind.value, "state": run.state.value, "message": run.message}
        terminal.event("run", created_at=run.created_at, exit_code=run.exit_code, **values)
        terminal.say(f"{run.id}  {run.kind.value:<8}  {run.state.value:<16}  {run.message}")
    return ExitCode.DONE


def show(
    run_id: str,
    *,
    follow: Annotated[bool, Parameter(negative="", help="Go on until it ends, the watch included.")] = False,
    common: Common | None = None,
) -> int:
    """Show a run's receipt: steps, criteria with evidence, output and outcome."""
    common = common or Common()
    terminal, composition = common.terminal(), common.composition()
    if follow:
        return Follower(composition.reader, terminal, verbose=True).follow(run_id, through_watch=True)
    run = composition.runs().run(run_id)
    output = composition.reader.output(run_id, limit=100_000)
    receipt = run.model_dump(mode="json")
    terminal.event("receipt", **receipt, output=[line.model_dump(mode="json") for line in output])
    _print(terminal, run)
    for line in output:
        terminal.say(f"{line.at.astimezone():%H:%M:%S} {line.source:<22} {line.text}", "dim")
    return ExitCode.DONE


def stop(run_id: str, *, common: Common | None = None) -> int:
    """End a run after its current step; what is done stays."""
    common = common or Common()
    terminal = common.terminal()
    common.composition().runs().control(run_id, Control.STOP)
    terminal.event("control", id=run_id, control=Control.STOP.value)
    terminal.say(f"{run_id} ends after its current step.")
    return ExitCode.DONE


def _print(terminal: Terminal, run: Run) -> None:
    who = f"{run.operator}@{run.host}"
    terminal.say(f"{run.kind.value} {run.id} on {run.environment} by {who}: {run.state.value}", "bold")
    terminal.say(run.message)
    for step in run.steps:
        taken = ""
        if step.started_at and step.finished_at:
            taken = duration((step.finished_at - step.started_at).total_seconds())
        terminal.say(
            f"{step.plan.number:>3}. {step.plan.title:<26} {step.state.value:<8} {taken:<8} {step.message}"
        )
        for criterion in step.criteria:
            terminal.say(f"       {criterion.state.value}: {criterion.text}  {criterion.evidence}", "dim")


RUNS = App(name="runs", help="History of deployments and rollbacks, and their receipts.")
RUNS.default(list_runs)
RUNS.command(show, name="show")
RUNS.command(stop, name="stop")

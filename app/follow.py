"""Follows a run's journal on the terminal until the run ends or only its watch is left."""

import time
from collections import deque

from app.endings import INTERRUPTED
from app.terminal import Terminal, duration
from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Criterion,
    CriterionState,
    ExitCode,
    OutputLine,
    Run,
    RunState,
    Step,
    StepState,
)
from backend.deployment.journal_reader import JournalReader

_POLL_SECONDS = 0.1
_TAIL_LINES = 12
_SHOWN = (CriterionState.MET, CriterionState.WARNING, CriterionState.FAILED, CriterionState.UNKNOWN)
_UNSETTLED = (StepState.PENDING, StepState.RUNNING, StepState.UNKNOWN)


class Follower:
    """Prints what is new in a run's journal."""

    def __init__(self, reader: JournalReader, terminal: Terminal, *, verbose: bool = False) -> None:
        self._reader = reader
        self._terminal = terminal
        self._verbose = verbose
        self._last_output = 0
        self._tails: dict[str, deque[OutputLine]] = {}
        """The last lines of each step, to be shown when it fails."""
        self._steps: dict[str, StepState] = {}
        self._criteria: dict[tuple[str, str], Criterion] = {}
        self._state: RunState | None = None

    def follow(self, run_id: str, *, through_watch: bool = False) -> int:
        """Print until the end; the run's exit code. Ctrl-C leaves the run at work and says so."""
        try:
            while True:
                run = self._reader.run(run_id)
                self._print_news(run)
                watching = run.state is RunState.WATCHING and not through_watch
                if run.state.is_finished or watching or run.state is RunState.INTERRUPTED:
                    return self._finish(run)
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            return self._leave(run_id)

    def _print_news(self, run: Run) -> None:
        """What the steps did comes before what the run made of it, and that before its rollback's steps."""
        output = self._new_output(run.id)
        planned = {step.key for step in run.plan.steps}
        self._print_steps([s for s in run.steps if s.plan.key in planned], len(run.steps), output)
        self._print_state(run)
        self._print_steps([s for s in run.steps if s.plan.key not in planned], len(run.steps), output)
        for lines in output.values():
            self._print_output(lines)

    def _new_output(self, run_id: str) -> dict[str, list[OutputLine]]:
        """New lines, by step."""
        found: dict[str, list[OutputLine]] = {}
        for line in self._reader.output(run_id, self._last_output):
            self._last_output = line.sequence
            found.setdefault(line.step, []).append(line)
            self._tails.setdefault(line.step, deque(maxlen=_TAIL_LINES)).append(line)
        return found

    def _print_state(self, run: Run) -> None:
        if run.state is self._state:
            return
        self._state = run.state
        self._terminal.event("run", id=run.id, state=run.state.value, message=run.message)
        if run.state is RunState.ROLLING_BACK and run.message:
            self._terminal.say(f"↩ Rolling back: {run.message}", "yellow")

    def _print_steps(self, steps: list[Step], count: int, output: dict[str, list[OutputLine]]) -> None:
        """In order: a step that is skipped waits for the result of those before it."""
        settled = True
        for step in steps:
            if settled or step.state is not StepState.SKIPPED:
                self._print_step(step, count, output.pop(step.plan.key, []))
            settled = settled and step.state not in _UNSETTLED

    def _print_step(self, step: Step, count: int, lines: list[OutputLine]) -> None:
        is_new = self._steps.get(step.plan.key) is not step.state
        self._steps[step.plan.key] = step.state
        if is_new and step.state in _UNSETTLED:
            self._announce(step, count)
        self._print_output(lines)
        if is_new and step.state not in _UNSETTLED:
            self._announce(step, count)
        for criterion in step.criteria:
            self._print_criterion(step.plan.key, criterion)
        if is_new and step.state is StepState.FAILED and not self._verbose:
            self._print_tail(step)

    def _print_output(self, lines: list[OutputLine]) -> None:
        for line in lines:
            self._terminal.event("output", **line.model_dump(mode="json"))
            if self._verbose:
                self._terminal.say(f"      {line.source}: {line.text}", "dim")

    def _print_criterion(self, step: str, criterion: Criterion) -> None:
        if self._criteria.get((step, criterion.key)) == criterion:
            return
        self._criteria[step, criterion.key] = criterion
        self._terminal.event("criterion", step=step, **criterion.model_dump(mode="json"))
        if criterion.state in _SHOWN and (self._verbose or criterion.state is not CriterionState.MET):
            self._terminal.say(f"      {criterion.state.value}: {criterion.text} ({criterion.evidence})")

    def _print_tail(self, step: Step) -> None:
        tail = self._tails.get(step.plan.key, ())
        lines = [line for line in tail if line.text != f"failed: {step.message}"]
        if lines:
            self._terminal.say("      Its last output:")
        for line in lines:
            self._terminal.say(f"        {line.source}: {line.text}", "dim")

    def _announce(self, step: Step, count: int) -> None:
        values = {"key": step.plan.key, "number": step.plan.number, "state": step.state.value}
        self._terminal.event("step", title=step.plan.title, message=step.message, **values)
        place = f"{step.plan.number:>2}/{count}"
        if step.state is StepState.RUNNING:
            self._terminal.say(f"◌ {place} {step.plan.title} …")
        elif step.state is StepState.DONE:
            self._terminal.say(f"✓ {place} {step.plan.title}  {_taken(step)}  {step.message}", "green")
        elif step.state is StepState.FAILED:
            self._terminal.say(f"✗ {place} {step.plan.title}  {_taken(step)}  {step.message}", "red")
        elif step.state is StepState.SKIPPED:
            self._terminal.say(f"– {place} {step.plan.title}  {step.message}", "dim")

    def _finish(self, run: Run) -> int:
        if run.state is RunState.INTERRUPTED:
            raise OperatorError(
                f"The runner of {run.id} ended without finishing. {run.message}".rstrip(),
                f"Continue with: main.py deploy --resume {run.id} · or take it back with: "
                f"main.py rollback --interrupted {run.id}",
            )
        code = run.exit_code if run.exit_code is not None else ExitCode.DONE
        self._terminal.event("outcome", id=run.id, state=run.state.value, message=run.message)
        style = {ExitCode.DONE: "bold green", ExitCode.INCONCLUSIVE: "yellow"}.get(code, "bold red")
        self._terminal.say("")
        self._terminal.say(f"{run.message}", style)
        taken = ((run.finished_at or run.created_at) - run.created_at).total_seconds()
        if run.finished_at:
            self._terminal.say(f"{run.id} · {run.state.value} · {duration(taken)}", "dim")
        return code

    def _leave(self, run_id: str) -> int:
        text = (
            f"The run goes on without you. Follow it: main.py runs show {run_id} --follow · "
            f"stop it: main.py runs stop {run_id}"
        )
        self._terminal.event("left", id=run_id, message=text)
        self._terminal.say("")
        self._terminal.say(text)
        return INTERRUPTED


def _taken(step: Step) -> str:
    if step.started_at is None or step.finished_at is None:
        return ""
    return duration((step.finished_at - step.started_at).total_seconds())

"""What the command line prints: words for people, or one JSON event a line."""

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape

from app.endings import ReaderGoneError
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding, Plan, PlannedStep

_MARKS = {
    CriterionState.MET: ("✓", "green"),
    CriterionState.WARNING: ("!", "yellow"),
    CriterionState.FAILED: ("✗", "red"),
    CriterionState.UNKNOWN: ("?", "magenta"),
    CriterionState.NOT_APPLICABLE: ("–", "dim"),
    CriterionState.WAITING: ("○", "dim"),
    CriterionState.CHECKING: ("◌", "cyan"),
}


class _Console(Console):
    """rich would end the process itself; here `app.command_line` ends it."""

    def on_broken_pipe(self) -> NoReturn:
        raise ReaderGoneError


class Terminal:
    """Prints for people, in colour only on a terminal, or as JSON events.

    Every method raises ReaderGoneError when the reader of the output went away, except `output`.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = _Console(highlight=False, soft_wrap=True)
        self._errors = _Console(stderr=True, highlight=False, soft_wrap=True)

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked."""
        return not self.as_json and sys.stdin.isatty() and self._console.is_terminal

    def event(self, name: str, /, **values: Any) -> None:
        """One JSON event; nothing when words are wanted."""
        if self.as_json:
            write_json({"event": name, **values})

    def say(self, text: str = "", style: str = "") -> None:
        """One line of words; nothing when JSON is wanted."""
        if not self.as_json:
            self._console.print(escape(text), style=style or None)

    def output(self, source: str, text: str) -> None:
        """One line of work that this very process does; the work goes on when nobody reads any more."""
        with suppress(ReaderGoneError):
            self.event("output", source=source, text=text)
            self.say(f"{source}: {text}")

    def error(self, error: OperatorError) -> None:
        """What happened and what to do, on standard error."""
        if self.as_json:
            self.event("error", message=error.message, remedy=error.remedy, exit_code=error.exit_code)
            return
        self._errors.print(f"[red]✗[/red] {escape(error.message)}")
        if error.remedy:
            self._errors.print(f"  {escape(error.remedy)}")

    def finding(self, found: Finding) -> None:
        """One check with its evidence, and what to do when it failed."""
        self.event("check", **found.model_dump(mode="json"))
        if self.as_json:
            return
        mark, colour = _MARKS[found.state]
        self._console.print(
            f"[{colour}]{mark}[/{colour}] {escape(found.title)}  [dim]{escape(found.evidence)}[/dim]"
        )
        if found.remedy and found.state in (CriterionState.FAILED, CriterionState.UNKNOWN):
            self._console.print(f"    {escape(found.remedy)}")

    def findings(self, findings: Iterable[Finding]) -> None:
        """Several checks."""
        for found in findings:
            self.finding(found)

    def plan(self, plan: Plan) -> None:
        """A plan, step by step."""
        self.event("plan", **plan.model_dump(mode="json"))
        if self.as_json:
            return
        release = f", release {plan.release}" if plan.release else ""
        self._console.print(
            f"[bold]Plan: {plan.kind.value} on {escape(plan.environment)}{escape(release)}[/bold]"
        )
        for step in plan.steps:
            self._planned_step(step)
        for warning in plan.warnings:
            self._console.print(f"[yellow]![/yellow] {escape(warning)}")

    def confirm(self, question: str, answer: str) -> bool:
        """Whether a person types `answer`; the end of the input (Ctrl-D) is a no."""
        self._console.print(f"{escape(question)} Type [bold]{escape(answer)}[/bold] to go on: ", end="")
        try:
            return input().strip() == answer
        except EOFError:
            self._console.print()
            return False

    def _planned_step(self, step: PlannedStep) -> None:
        seconds = time_span(*step.estimate_seconds)
        if step.skipped:
            self._console.print(
                f"{step.number:>3}. [dim]{escape(step.title)}: {escape(step.skip_reason)}[/dim]"
            )
            return
        source = escape(step.estimate_source)
        self._console.print(
            f"{step.number:>3}. [bold]{escape(step.title)}[/bold]  [dim]{seconds} ({source})[/dim]"
        )
        self._console.print(f"     {escape(step.summary)}")
        for command in step.commands:
            prompt = "" if command.startswith("#") else "$ "
            self._console.print(f"     [cyan]{prompt}{escape(command)}[/cyan]")
        self._console.print(f"     [dim]If it fails: {escape(step.on_failure)}[/dim]")


def write_json(values: dict[str, Any]) -> None:
    """One line of JSON on standard output. Raises ReaderGoneError when nobody reads it any more."""
    try:
        sys.stdout.write(json.dumps(values, default=str) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 warning`, `2 warnings`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def time_span(shortest: float, longest: float) -> str:
    """Two durations in seconds as an operator would say them: `under 1 s`, `3 s`, `2 s to 3 min`."""
    if longest < 1:
        return "under 1 s"
    low, high = duration(shortest), duration(longest)
    return high if low == high else f"{low} to {high}"


def duration(seconds: float) -> str:
    """Seconds in the words of a clock: `under 0.1 s`, `0.4 s`, `12 s`, `3 min`, `1 h 5 min`."""
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

"""What the command line prints: words for people, or one JSON event a line."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape

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


class Terminal:
    """Prints for people, in colour only on a terminal, or as JSON events."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked."""
        return not self.as_json and sys.stdin.isatty() and self._console.is_terminal

    def event(self, name: str, **values: Any) -> None:
        """One JSON event; nothing when words are wanted."""
        if self.as_json:
            sys.stdout.write(json.dumps({"event": name, **values}, default=str) + "\n")
            sys.stdout.flush()

    def say(self, text: str = "", style: str = "") -> None:
        """One line of words; nothing when JSON is wanted."""
        if not self.as_json:
            self._console.print(escape(text), style=style or None)

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
        """Whether a person types `answer`."""
        self._console.print(f"{escape(question)} Type [bold]{escape(answer)}[/bold] to go on: ", end="")
        return input().strip() == answer

    def _planned_step(self, step: PlannedStep) -> None:
        seconds = f"{duration(step.estimate_seconds[0])} to {duration(step.estimate_seconds[1])}"
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


def duration(seconds: float) -> str:
    """Seconds in the words of a clock: `0.4 s`, `12 s`, `3 min`, `1 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

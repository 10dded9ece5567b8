"""Tells the dead-letter manager when a run was at work, so that failures of that time are understood.

What is to be told stands in the journal first. A manager that is away, as it is while it is replaced, is told
at the end of the run or by the next run; no run waits for it or fails because of it.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from backend.clients.dead_letters import DeadLettersClient
from backend.contracts.dead_letter_views import Interval, IntervalKind
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Run, RunKind, RunState
from backend.deployment.context import RunContext
from backend.deployment.journal import now

_FACT = "at_work"
_PATIENCE_SECONDS = 2.0
_RUNS = 20
"""The newest runs that are looked through for what was not told yet."""


class IntervalReporter:
    """Of one run. `begin` and `end` may be called again: each pair is an interval of its own."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def begin(self) -> None:
        """From now on the run changes things."""
        self._attempt(self._begin)

    def end(self) -> None:
        """It changes nothing any more. Without a begin there is nothing to end."""
        self._attempt(self._end)

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on as it is
            with suppress(OperatorError):
                self._say(f"The dead-letter manager is not told when this run is at work: {error}")

    def _begin(self) -> None:
        stretches = [_closed(one, self._last_change()) for one in self._stretches(self._context.run_id)]
        self._keep([*stretches, {"started": now().isoformat(), "ended": None, "told": False}])
        self._tell()

    def _end(self) -> None:
        stretches = self._stretches(self._context.run_id)
        if not stretches:
            return
        self._keep([_closed(one, now()) for one in stretches])
        why = self._tell()
        if why:
            self._say(
                f"The dead-letter manager was not told when this run was at work; the next run does. {why}"
            )

    def _say(self, text: str) -> None:
        self._context.journal.write_output(self._context.run_id, "", "engine", text)

    def _tell(self) -> str:
        """Everything that was not told yet, also of former runs; why not, or nothing."""
        context = self._context
        runs = context.reader.runs(context.target.environment.name, limit=_RUNS)
        open_ones = {run.id: _untold(run, self._settled(run)) for run in runs}
        intervals = [interval for found in open_ones.values() for interval in found]
        if not intervals:
            return ""
        try:
            client = DeadLettersClient(
                context.target.environment, context.target.admin_token(), _PATIENCE_SECONDS, _engine_may
            )
            client.report_intervals(intervals)
        except OperatorError as error:
            return error.sentence()
        for run in runs:
            if open_ones[run.id]:
                self._keep(_told(self._settled(run)), run.id)
        return ""

    def _settled(self, run: Run) -> list[dict[str, Any]]:
        """When a run was at work. Another one that ended without a word ended with the last of its steps."""
        stretches = self._stretches(run.id)
        is_over = run.state.is_finished or run.state is RunState.INTERRUPTED
        if run.id == self._context.run_id or not is_over:
            return stretches
        return [_closed(one, _last_change(run)) for one in stretches]

    def _stretches(self, run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._context.reader.fact(run_id, _FACT, [])
        return found

    def _keep(self, stretches: list[dict[str, Any]], run_id: str = "") -> None:
        self._context.journal.set_fact(run_id or self._context.run_id, _FACT, stretches)

    def _last_change(self) -> datetime:
        return _last_change(self._context.reader.run(self._context.run_id))


def _engine_may(_environment: Environment) -> None:
    """Whoever started the run was allowed to; this only says when it was."""


def _closed(stretch: dict[str, Any], at: datetime) -> dict[str, Any]:
    if stretch["ended"] is not None:
        return stretch
    return {**stretch, "ended": max(at, datetime.fromisoformat(stretch["started"])).isoformat()}


def _untold(run: Run, stretches: Iterable[dict[str, Any]]) -> list[Interval]:
    return [_interval(run, number, one) for number, one in enumerate(stretches, 1) if not one["told"]]


def _told(stretches: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One whose end was told is told; one that lasts is told again at its end."""
    return [{**one, "told": one["ended"] is not None} for one in stretches]


def _interval(run: Run, number: int, stretch: dict[str, Any]) -> Interval:
    words = f"Deployment of {run.plan.release}" if run.kind is RunKind.DEPLOY else "Rollback"
    return Interval(
        kind=IntervalKind.DEPLOYMENT,
        subject=run.environment,
        source_key=f"run/{run.id}/{number}",
        started_at=datetime.fromisoformat(stretch["started"]),
        ended_at=None if stretch["ended"] is None else datetime.fromisoformat(stretch["ended"]),
        detail=f"{words} by {run.operator} (run {run.id})",
    )


def _last_change(run: Run) -> datetime:
    times = [at for step in run.steps for at in (step.started_at, step.finished_at) if at is not None]
    return max(times, default=run.created_at)

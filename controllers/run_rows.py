"""A run in the words and rows of the run view. Knows no Qt widgets; the clock comes from outside."""

from collections.abc import Sequence
from datetime import datetime

from backend.contracts.runs import (
    Criterion,
    CriterionState,
    PlannedStep,
    ProbedStep,
    Run,
    RunKind,
    RunState,
    Step,
    StepState,
)
from controllers import marks
from controllers.rows import Row
from controllers.wording import clock, estimate, local_stamp, local_time, rough, span, took


def step_rows(run: Run, now: datetime) -> list[Row]:
    """The steps of a run: state, outcome, time taken or expected."""
    return [_step_row(step, now, ended=run.state.is_finished) for step in run.steps]


def criteria_rows(step: Step) -> list[Row]:
    """The success criteria of a step with their evidence."""
    return [_criterion_row(criterion) for criterion in step.criteria or _unjudged(step.plan)]


def run_rows(runs: Sequence[Run]) -> list[Row]:
    """A list of runs, newest first."""
    return [
        Row(run.id, marks.of_run(run.state), title(run), _run_subtitle(run), local_stamp(run.created_at))
        for run in runs
    ]


def recovery_rows(steps: Sequence[ProbedStep]) -> list[Row]:
    """What a probe found of each step of an interrupted run."""
    return [
        Row(
            step.key,
            marks.of_probe(step.found),
            step.title,
            step.explanation,
            marks.of_probe(step.found).word,
        )
        for step in steps
    ]


def title(run: Run) -> str:
    """`Deploy 2026.11.23-3` or `Roll back everything`."""
    if run.kind is RunKind.DEPLOY:
        return f"Deploy {run.plan.release}".rstrip()
    if run.rollback_options is not None and run.rollback_options.backup is not None:
        return "Roll back to a backup"
    scope = run.rollback_options.scope.value if run.rollback_options is not None else "full"
    return {"services": "Roll back services", "database": "Roll back the database"}.get(
        scope, "Roll back everything"
    )


def headline(run: Run) -> tuple[str, str]:
    """(word, tone) of the pill beside the title: `Step 5 of 10 · running`."""
    mark = marks.of_run(run.state)
    step = run.current_step
    if run.state in (RunState.RUNNING, RunState.PAUSED) and step is not None:
        return f"Step {step.plan.number} of {len(run.steps)} · {mark.word}", mark.tone
    return mark.word.capitalize(), mark.tone


def progress_line(run: Run, now: datetime) -> str:
    """`8 min 39 s elapsed · about 6 min left`, or how long it took."""
    end = run.finished_at or now
    elapsed = span(max(0.0, (end - run.created_at).total_seconds()))
    if run.state.is_finished:
        return f"took {elapsed}"
    if run.state is RunState.WATCHING and run.watch_until is not None:
        return f"{elapsed} elapsed · watching for {rough((run.watch_until - now).total_seconds())} more"
    left = remaining_seconds(run, now)
    return f"{elapsed} elapsed · about {rough(left)} left" if left else f"{elapsed} elapsed"


def watch_sentence(run: Run) -> str:
    """What it means that a run is only watched."""
    until = f" until {local_time(run.watch_until, '%H:%M')}" if run.watch_until is not None else ""
    return (
        f"Release {run.plan.release} is deployed and serves. The watch goes on in the background{until}; "
        "this page and the window may be closed."
    )


def remaining_seconds(run: Run, now: datetime) -> float:
    """Expected time to the end, from the middle of each remaining step's estimate."""
    left = 0.0
    for step in run.steps:
        middle = sum(step.plan.estimate_seconds) / 2
        if step.state is StepState.PENDING and not step.plan.skipped:
            left += middle
        elif step.state is StepState.RUNNING:
            left += max(0.0, middle - elapsed_seconds(step, now))
    return left


def elapsed_seconds(step: Step, now: datetime) -> float:
    """How long a step ran or has been running; 0 before it starts."""
    if step.started_at is None:
        return 0.0
    return max(0.0, ((step.finished_at or now) - step.started_at).total_seconds())


def step_progress(step: Step, now: datetime) -> float:
    """Share of the longest expected time that has passed, 0 to 1; a finished step is at 1."""
    if step.state in (StepState.DONE, StepState.SKIPPED):
        return 1.0
    longest = step.plan.estimate_seconds[1]
    return min(1.0, elapsed_seconds(step, now) / longest) if longest else 0.0


def time_against_estimate(step: Step, now: datetime) -> str:
    """`0:38 / est. 2–3 min`, and says so when it takes longer than usual."""
    expected = f"est. {estimate(step.plan.estimate_seconds)}"
    if step.started_at is None:
        return expected
    text = f"{clock(elapsed_seconds(step, now))} / {expected}"
    late = step.state is StepState.RUNNING and elapsed_seconds(step, now) > step.plan.estimate_seconds[1]
    return f"{text} · longer than usual" if late else text


def _step_row(step: Step, now: datetime, *, ended: bool) -> Row:
    mark = marks.NOT_RUN if ended and step.state is StepState.PENDING else marks.of_step(step.state)
    waiting = step.state in (StepState.PENDING, StepState.RUNNING, StepState.UNKNOWN)
    return Row(
        key=step.plan.key,
        mark=mark,
        title=step.plan.title,
        subtitle=_step_subtitle(step, mark.word),
        trailing="" if mark is marks.NOT_RUN else _step_time(step, now),
        number=step.plan.number if waiting else None,
    )


def _step_subtitle(step: Step, word: str) -> str:
    detail = step.message or (step.plan.skip_reason if step.state is StepState.SKIPPED else "")
    return f"{word.capitalize()} · {detail}" if detail else word.capitalize()


def _step_time(step: Step, now: datetime) -> str:
    if step.state is StepState.PENDING:
        return "" if step.plan.skipped else f"~{clock(max(1.0, sum(step.plan.estimate_seconds) / 2))}"
    if step.started_at is None:
        return ""
    seconds = elapsed_seconds(step, now)
    return took(seconds) if step.finished_at is not None else clock(seconds)


def _criterion_row(criterion: Criterion) -> Row:
    mark = marks.of_criterion(criterion.state)
    trailing = criterion.evidence or mark.word
    # The shape alone must not carry a bad state: the word stands before its evidence.
    if criterion.evidence and criterion.state is not CriterionState.MET:
        trailing = f"{mark.word} · {criterion.evidence}"
    return Row(criterion.key, mark, criterion.text, trailing=trailing)


def _unjudged(plan: PlannedStep) -> tuple[Criterion, ...]:
    return tuple(Criterion(key=criterion.key, text=criterion.text) for criterion in plan.criteria)


def _run_subtitle(run: Run) -> str:
    word = marks.of_run(run.state).word.capitalize()
    parts = [word, f"by {run.operator}@{run.host}"]
    if run.finished_at is not None:
        parts.append(f"took {span((run.finished_at - run.created_at).total_seconds())}")
    if run.reason:
        parts.append(f"“{run.reason}”")
    return " · ".join(parts)

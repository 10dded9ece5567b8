"""Looks at what an interrupted run left behind, and says it in plain words."""

from collections.abc import Mapping

from backend.contracts.runs import ProbedStep, ProbeState, Recovery, RollbackOptions, Run, RunKind, StepState
from backend.deployment.context import LooksOnly, Probe, RunContext, Step
from backend.deployment.rollback_basis import RollbackBasis
from backend.deployment.rollback_steps import rollback_steps
from backend.deployment.rollback_task import RollbackTask
from backend.deployment.steps import deployment_steps


def recovery(context: RunContext, run: Run) -> Recovery:
    """Probe every step of `run`; nothing is changed."""
    steps = _steps(context, run)
    probed = tuple(
        _probe(context, steps, entry.plan.key, entry.plan.title, entry.state) for entry in run.steps
    )
    return Recovery(run=run, steps=probed, summary=_summary(run, probed))


def _steps(context: RunContext, run: Run) -> Mapping[str, Step]:
    fact = context.reader.fact(run.id, "basis")
    basis = RollbackBasis.from_fact(fact) if fact else None
    task = RollbackTask(run.rollback_options or RollbackOptions(), basis)
    return {**deployment_steps(), **rollback_steps(task)}


def _probe(
    context: RunContext, steps: Mapping[str, Step], key: str, title: str, recorded: StepState
) -> ProbedStep:
    step = steps.get(key)
    found = step.probe(context) if step else Probe(ProbeState.ABSENT, "only looks")
    if recorded is StepState.DONE and isinstance(step, LooksOnly):
        found = Probe(ProbeState.DONE, "was completed; it changes nothing")
    elif recorded is StepState.SKIPPED:
        found = Probe(ProbeState.ABSENT, "skipped")
    elif recorded is StepState.PENDING:
        found = Probe(ProbeState.ABSENT, "not reached by this run")
    elif recorded is not StepState.DONE and _may_be_half_done(step, found):
        found = Probe(ProbeState.UNKNOWN, f"was at work: {found.explanation}")
    return ProbedStep(
        key=key, title=title, recorded=recorded, found=found.state, explanation=found.explanation
    )


def _may_be_half_done(step: Step | None, found: Probe) -> bool:
    """Whether a step that was at work may have begun something that its probe does not see."""
    changes = step is not None and not isinstance(step, LooksOnly)
    return changes and found.state is ProbeState.ABSENT


def _summary(run: Run, probed: tuple[ProbedStep, ...]) -> str:
    relevant = [step for step in probed if step.recorded is not StepState.SKIPPED]
    done = [step.title for step in relevant if step.found is ProbeState.DONE]
    half = [step.title for step in relevant if _is_half_done(step)]
    rest = [s.title for s in relevant if s.title not in done and s.title not in half]
    verb = "deployment" if run.kind is RunKind.DEPLOY else "rollback"
    parts = [f"The {verb} {run.id} was interrupted: its runner ended without finishing."]
    parts.append(f"Done: {', '.join(done) or 'nothing'}.")
    if half:
        parts.append(f"Half done or not known: {', '.join(half)}.")
    parts.append(f"Not done: {', '.join(rest) or 'nothing'}.")
    return " ".join(parts)


def _is_half_done(step: ProbedStep) -> bool:
    return step.found in (ProbeState.PARTIAL, ProbeState.UNKNOWN)

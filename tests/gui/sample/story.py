"""How a sample run comes to be where it is: which steps are done, and what they said."""

from datetime import datetime, timedelta

from backend.contracts.runs import (
    Criterion,
    CriterionState,
    DeployOptions,
    OutputLine,
    Plan,
    PlannedStep,
    Run,
    RunKind,
    RunState,
    Step,
    StepState,
)
from backend.deployment.playbook import NEW_SERVICES, WATCH

SECONDS = (1, 3, 2, 5, 6, 4, 1, 5, 1, 0)
MESSAGES = (
    "12 checks passed",
    "1.2 MB · restore verified",
    "5 migrations",
    "3 services · 212 MB",
    "api-gateway-internal and dlq-manager healthy",
    "waterfall version 7 loaded",
    "all healthy, 4 breakers closed",
    "14 tests passed",
    "Prometheus is not part of the sandbox",
    "",
)
_EVIDENCE = {
    NEW_SERVICES: ("process 4711 · 0.4 s", "200 in 18 ms", "starting"),
    WATCH: ("none in 7 min", "200 in 18 ms, usually 21 ms", "1 902 rows since"),
}

_OUTPUT = (
    ("$", "supervisorctl update api-gateway-internal"),
    ("supervisor", "api-gateway-internal: started, process 4711, release 2026.11.23-3"),
    ("api-gateway-internal", "4 providers configured, breakers restored"),
    ("api-gateway-internal", "listening on 127.0.0.1:8022"),
    ("probe", 'GET http://127.0.0.1:8022/health 200 18 ms  {"status":"healthy"}'),
    ("probe", "restarts 0, memory 84 MB"),
    ("$", "supervisorctl update dlq-manager"),
    ("supervisor", "dlq-manager: started, process 4719, release 2026.11.23-3"),
    ("dlq-manager", "connected to songnodes_operations, 0 dead letters pending"),
    ("probe", "restarts 0, memory 86 MB"),
)


def run_at(
    plan: Plan,
    options: DeployOptions,
    place: int,
    now: datetime,
    *,
    state: RunState = RunState.RUNNING,
    run_id: str = "20261123-143102-deploy",
) -> Run:
    """A deployment whose step number `place` (from 1) is at work; beyond the last one all are done."""
    begin = now - timedelta(seconds=sum(SECONDS[: place - 1]) + 3)
    steps, at = [], begin
    for planned in plan.steps:
        steps.append(_step(planned, place, at, state))
        at += timedelta(seconds=SECONDS[planned.number - 1])
    return Run(
        id=run_id,
        kind=RunKind.DEPLOY,
        environment=plan.environment,
        plan=plan,
        deploy_options=options,
        state=state,
        steps=tuple(steps),
        operator="deploy",
        host="workstation",
        reason=options.reason or "enrichment upgrade",
        created_at=begin,
        finished_at=now if state.is_finished else None,
        release_before="2026.11.21-1",
        release_after=plan.release if state is RunState.SUCCEEDED else "",
        message=_message(state),
        watch_until=now + timedelta(minutes=23) if state is RunState.WATCHING else None,
        exit_code={RunState.SUCCEEDED: 0, RunState.ROLLED_BACK: 1, RunState.FAILED: 1}.get(state),
    )


def output_until(run: Run, lines: int) -> list[OutputLine]:
    """The first `lines` lines of the run's output."""
    begin = run.created_at
    entries = [_OUTPUT[place % len(_OUTPUT)] for place in range(lines)]
    return [
        OutputLine(
            sequence=place + 1, at=begin + timedelta(seconds=place), step="deploy", source=source, text=text
        )
        for place, (source, text) in enumerate(entries)
    ]


def _step(planned: PlannedStep, place: int, at: datetime, state: RunState) -> Step:
    if planned.skipped and planned.number < place:
        return Step(plan=planned, state=StepState.SKIPPED)
    if planned.number < place:
        return _done(planned, at)
    if planned.number > place or state in (RunState.SUCCEEDED, RunState.LOCKED):
        return Step(plan=planned)
    if state in (RunState.FAILED, RunState.ROLLED_BACK):
        return _failed(planned, at)
    if state is RunState.INTERRUPTED:
        return Step(plan=planned, state=StepState.UNKNOWN, started_at=at, message="its runner ended")
    return _running(planned, at)


def _done(planned: PlannedStep, at: datetime) -> Step:
    end = at + timedelta(seconds=SECONDS[planned.number - 1])
    criteria = tuple(
        Criterion(key=each.key, text=each.text, state=CriterionState.MET, evidence="checked")
        for each in planned.criteria
    )
    return Step(
        plan=planned,
        state=StepState.DONE,
        started_at=at,
        finished_at=end,
        message=MESSAGES[planned.number - 1],
        criteria=criteria,
    )


def _running(planned: PlannedStep, at: datetime) -> Step:
    states = (CriterionState.MET, CriterionState.MET, CriterionState.CHECKING)
    return Step(
        plan=planned,
        state=StepState.RUNNING,
        started_at=at,
        message="dlq-manager starting" if planned.key == NEW_SERVICES else "at work",
        criteria=tuple(
            Criterion(
                key=each.key,
                text=each.text,
                state=states[place] if place < len(states) else CriterionState.WAITING,
                evidence=_evidence(planned.key, place),
            )
            for place, each in enumerate(planned.criteria)
        ),
    )


def _evidence(key: str, place: int) -> str:
    known = _EVIDENCE.get(key, ())
    return known[place] if place < len(known) else ""


def _failed(planned: PlannedStep, at: datetime) -> Step:
    cause = "port 8022 is held by another process (python, process 3120)"
    criteria = [
        Criterion(key=each.key, text=each.text, state=CriterionState.WAITING) for each in planned.criteria
    ]
    if criteria:
        criteria[0] = criteria[0].model_copy(update={"state": CriterionState.FAILED, "evidence": cause})
    return Step(
        plan=planned,
        state=StepState.FAILED,
        started_at=at,
        finished_at=at + timedelta(seconds=4),
        message=f"api-gateway-internal did not start: {cause}.",
        criteria=tuple(criteria),
    )


def _message(state: RunState) -> str:
    return {
        RunState.SUCCEEDED: "Release 2026.11.23-3 runs. All ten steps met their criteria.",
        RunState.ROLLED_BACK: "Step 5 failed: port 8022 is held by another process. The services were rolled "
        "back to release 2026.11.21-1 and answer. Free the port, then deploy again.",
        RunState.FAILED: "Step 5 failed: port 8022 is held by another process. Automatic rollback was off: "
        "the new services are stopped, the migrated schema stays.",
        RunState.REFUSED: "3.1 GB of disk are free, 10 GB are needed. Nothing was changed.",
        RunState.LOCKED: "deploy@workstation holds the lock since 14:31 (“enrichment upgrade”). Nothing was "
        "changed. Wait until that run has ended, or follow it here.",
        RunState.STOPPED: "Stopped by deploy@workstation after step 5. What was done stays.",
    }.get(state, "")

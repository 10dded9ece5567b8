"""How states look: a shape, a word and a colour, always the three together."""

from dataclasses import dataclass
from enum import StrEnum

from backend.contracts.providers import GateState
from backend.contracts.runs import CriterionState, ProbeState, RunState, StepState
from backend.contracts.stack import ServiceState


class Shape(StrEnum):
    """Names of the icons that stand for states; each is told apart without colour."""

    TICK = "check"
    CROSS = "x"
    WORKING = "circle-dashed"
    WAITING = "circle"
    WARNING = "triangle-alert"
    SKIPPED = "circle-minus"
    UNKNOWN = "circle-question-mark"
    PAUSED = "pause"
    STOPPED = "square"
    BACK = "undo-2"
    GO = "chevron-right"
    DISC = "disc"
    HALF_DISC = "disc-half"
    BLOCK = "block"
    HALF_BLOCK = "block-half"
    LOCK = "lock"
    OFF = "circle-off"
    EYE = "eye"


@dataclass(frozen=True)
class Mark:
    """Shape, colour token and word of a state."""

    shape: Shape
    tone: str
    word: str


NOT_RUN = Mark(Shape.WAITING, "faint", "not run")
"""A step that a run which has ended never came to."""

_STEPS = {
    StepState.PENDING: Mark(Shape.WAITING, "faint", "waiting"),
    StepState.RUNNING: Mark(Shape.WORKING, "accent", "running"),
    StepState.DONE: Mark(Shape.TICK, "ok", "done"),
    StepState.FAILED: Mark(Shape.CROSS, "bad", "failed"),
    StepState.SKIPPED: Mark(Shape.SKIPPED, "muted", "skipped"),
    StepState.UNKNOWN: Mark(Shape.UNKNOWN, "warn", "unknown"),
}

_CRITERIA = {
    CriterionState.WAITING: Mark(Shape.WAITING, "faint", "waiting"),
    CriterionState.CHECKING: Mark(Shape.WORKING, "accent", "checking"),
    CriterionState.MET: Mark(Shape.TICK, "ok", "met"),
    CriterionState.WARNING: Mark(Shape.WARNING, "warn", "warning"),
    CriterionState.FAILED: Mark(Shape.CROSS, "bad", "failed"),
    CriterionState.NOT_APPLICABLE: Mark(Shape.SKIPPED, "muted", "not applicable"),
    CriterionState.UNKNOWN: Mark(Shape.UNKNOWN, "warn", "unknown"),
}

_RUNS = {
    RunState.PREPARING: Mark(Shape.WORKING, "accent", "preparing"),
    RunState.RUNNING: Mark(Shape.WORKING, "accent", "running"),
    RunState.PAUSED: Mark(Shape.PAUSED, "warn", "paused"),
    RunState.ROLLING_BACK: Mark(Shape.BACK, "warn", "rolling back"),
    RunState.WATCHING: Mark(Shape.WORKING, "info", "watching"),
    RunState.INTERRUPTED: Mark(Shape.WARNING, "warn", "interrupted"),
    RunState.SUCCEEDED: Mark(Shape.TICK, "ok", "succeeded"),
    RunState.FAILED: Mark(Shape.CROSS, "bad", "failed"),
    RunState.ROLLED_BACK: Mark(Shape.BACK, "warn", "rolled back"),
    RunState.ROLLBACK_FAILED: Mark(Shape.CROSS, "bad", "rollback failed"),
    RunState.REFUSED: Mark(Shape.CROSS, "bad", "refused"),
    RunState.LOCKED: Mark(Shape.STOPPED, "warn", "locked"),
    RunState.STOPPED: Mark(Shape.STOPPED, "warn", "stopped"),
    RunState.INCONCLUSIVE: Mark(Shape.UNKNOWN, "warn", "inconclusive"),
    RunState.SUPERSEDED: Mark(Shape.SKIPPED, "muted", "superseded"),
}

_SERVICES = {
    ServiceState.HEALTHY: Mark(Shape.TICK, "ok", "healthy"),
    ServiceState.DEGRADED: Mark(Shape.WARNING, "warn", "degraded"),
    ServiceState.STARTING: Mark(Shape.WORKING, "info", "starting"),
    ServiceState.STOPPED: Mark(Shape.STOPPED, "muted", "stopped"),
    ServiceState.CRASHED: Mark(Shape.CROSS, "bad", "crashed"),
    ServiceState.UNKNOWN: Mark(Shape.UNKNOWN, "warn", "unknown"),
}

_PROBES = {
    ProbeState.DONE: Mark(Shape.TICK, "ok", "done"),
    ProbeState.PARTIAL: Mark(Shape.WARNING, "warn", "half done"),
    ProbeState.ABSENT: Mark(Shape.WAITING, "faint", "not done"),
    ProbeState.UNKNOWN: Mark(Shape.UNKNOWN, "warn", "unknown"),
}

_GATES = {
    GateState.FLOWING: Mark(Shape.GO, "muted", "flowing"),
    GateState.COOLING: Mark(Shape.PAUSED, "warn", "cooling"),
    GateState.QUOTA: Mark(Shape.STOPPED, "warn", "quota"),
    GateState.BLOCKED: Mark(Shape.OFF, "bad", "blocked"),
}


def of_step(state: StepState) -> Mark:
    """The mark of a step."""
    return _STEPS[state]


def of_criterion(state: CriterionState) -> Mark:
    """The mark of a success criterion or of a finding."""
    return _CRITERIA[state]


def of_run(state: RunState) -> Mark:
    """The mark of a run."""
    return _RUNS[state]


def of_service(state: ServiceState) -> Mark:
    """The mark of a service."""
    return _SERVICES[state]


def of_probe(state: ProbeState) -> Mark:
    """The mark of what a probe found."""
    return _PROBES[state]


def of_gate(state: GateState) -> Mark:
    """The mark of a rate gate."""
    return _GATES[state]

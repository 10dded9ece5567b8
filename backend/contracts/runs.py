"""Plans, runs and steps: what the deployment engine writes and what window and command line show."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """An immutable record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RunKind(StrEnum):
    """What a run does."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"


class RunState(StrEnum):
    """Where a run stands. INTERRUPTED is never stored: it is what an unfinished run without a runner is."""

    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    ROLLING_BACK = "rolling back"
    WATCHING = "watching"
    INTERRUPTED = "interrupted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"
    REFUSED = "refused"
    LOCKED = "locked"
    STOPPED = "stopped"
    INCONCLUSIVE = "inconclusive"
    SUPERSEDED = "superseded"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen in a run of this state."""
        return self not in _UNFINISHED

    @property
    def is_active(self) -> bool:
        """Whether a runner process should be at work (the watch included)."""
        return self in _UNFINISHED and self is not RunState.INTERRUPTED


_UNFINISHED = frozenset(
    {
        RunState.PREPARING,
        RunState.RUNNING,
        RunState.PAUSED,
        RunState.ROLLING_BACK,
        RunState.WATCHING,
        RunState.INTERRUPTED,
    }
)


class ExitCode:
    """Exit codes of the command line, from the architecture's table."""

    DONE = 0
    FAILED = 1
    ROLLBACK_FAILED = 2
    LOCKED = 3
    REFUSED = 4
    INCONCLUSIVE = 5
    USAGE = 64


class StepState(StrEnum):
    """Where a step stands. UNKNOWN: its runner died while it acted and no probe has looked yet."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class CriterionState(StrEnum):
    """Judgement of one success criterion. UNKNOWN never counts as met."""

    WAITING = "waiting"
    CHECKING = "checking"
    MET = "met"
    WARNING = "warning"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


class RollbackScope(StrEnum):
    """How much a rollback takes back."""

    SERVICES = "services"
    DATABASE = "database"
    FULL = "full"


class ProbeState(StrEnum):
    """What is really there of a step's effect, looked at and not remembered."""

    ABSENT = "absent"
    PARTIAL = "partial"
    DONE = "done"
    UNKNOWN = "unknown"


class Control(StrEnum):
    """What an operator may ask of a run that is at work."""

    PAUSE = "pause"
    """Stop before the next step and wait."""
    CONTINUE = "continue"
    STOP = "stop"
    """End after the current step; what is done stays."""
    STOP_AND_ROLL_BACK = "stop and roll back"
    """End at the next safe point and take back what the run did."""


class DeployOptions(Record):
    """The playbook's switches of `deploy_enrichment_upgrades.sh`."""

    skip_tests: bool = False
    skip_backup: bool = False
    automatic_rollback: bool = True
    watch_minutes: int = Field(default=0, ge=0, le=240)
    reason: str = ""


class RollbackOptions(Record):
    """The playbook's switches of `rollback_deployment.sh`."""

    scope: RollbackScope = RollbackScope.FULL
    backup: str | None = None
    """Absolute path of the backup to restore; none: the migrations of the last batch are taken back."""
    reason: str = ""


class PlannedCriterion(Record):
    """One success criterion of the playbook, before anything is known about it."""

    key: str
    text: str


class PlannedStep(Record):
    """A step as the plan has it."""

    key: str
    number: int
    title: str
    summary: str
    commands: tuple[str, ...]
    """The exact commands, as an operator would type them."""
    criteria: tuple[PlannedCriterion, ...]
    estimate_seconds: tuple[float, float]
    """Shortest and longest time expected, in seconds."""
    estimate_source: str
    """Where the estimate comes from: `playbook`, or `last 5 runs`."""
    on_failure: str
    """What a failure of this step calls for, from the playbook's decision matrix."""
    common_causes: str = ""
    skipped: bool = False
    skip_reason: str = ""


class Plan(Record):
    """What a run will do, in order. The dry run prints it; the run executes the same plan."""

    kind: RunKind
    environment: str
    release: str
    """The release that will run afterwards; empty when none will."""
    steps: tuple[PlannedStep, ...]
    warnings: tuple[str, ...] = ()
    """What the operator should know before starting, one sentence each."""


class Criterion(Record):
    """A success criterion with what was found."""

    key: str
    text: str
    state: CriterionState = CriterionState.WAITING
    evidence: str = ""


class Step(Record):
    """A step of a run, as the journal has it."""

    plan: PlannedStep
    state: StepState = StepState.PENDING
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""
    """One sentence: what came of it, or why it failed."""
    criteria: tuple[Criterion, ...] = ()


class Run(Record):
    """One deployment or rollback, as the journal has it."""

    id: str
    kind: RunKind
    environment: str
    plan: Plan
    deploy_options: DeployOptions | None = None
    rollback_options: RollbackOptions | None = None
    state: RunState
    steps: tuple[Step, ...]
    operator: str
    host: str
    reason: str = ""
    created_at: datetime
    finished_at: datetime | None = None
    release_before: str = ""
    release_after: str = ""
    message: str = ""
    """The outcome in a sentence, and what to do next."""
    exit_code: int | None = None
    watch_until: datetime | None = None
    parent: str | None = None
    """The deployment that a rollback takes back."""

    @property
    def current_step(self) -> Step | None:
        """The step at work, else the one that failed, else the next one."""
        for wanted in (StepState.RUNNING, StepState.UNKNOWN, StepState.FAILED, StepState.PENDING):
            for step in self.steps:
                if step.state is wanted:
                    return step
        return None


class OutputLine(Record):
    """One line of a run's live output."""

    sequence: int
    at: datetime
    step: str
    source: str
    """Who said it: `$` for a command, else a service's or a tool's name."""
    text: str


class ProbedStep(Record):
    """What a probe found of one step of an interrupted run."""

    key: str
    title: str
    recorded: StepState
    found: ProbeState
    explanation: str


class Recovery(Record):
    """An interrupted run, looked at: what is done, half done and not done, and the ways on."""

    run: Run
    steps: tuple[ProbedStep, ...]
    summary: str


class Finding(Record):
    """The answer of one check of validation, health or smoke test."""

    key: str
    title: str
    state: CriterionState
    evidence: str
    remedy: str = ""
    """What to do about it; empty when nothing is to be done."""
    critical: bool = True


class Backup(Record):
    """A backup file of the database, as its manifest describes it."""

    path: str
    created_at: datetime
    size_bytes: int
    verified: bool
    """Whether it was restored into a scratch database and its row counts agreed."""
    schema_revision: str = ""
    rows: int | None = None
    run: str = ""


class RollbackChoice(Record):
    """One way to roll back, with what it would do and cost, worked out from what is really there."""

    scope: RollbackScope
    backup: str | None = None
    title: str
    consequences: tuple[str, ...]
    """Sentences: what changes, what stays, what would be lost."""
    actions: tuple[str, ...]
    """What will happen, in order."""
    commands: tuple[str, ...] = ()
    """What a person would type to do the same by hand, in order."""
    estimate_seconds: float | None = None
    available: bool = True
    unavailable_reason: str = ""
    recommended: bool = False

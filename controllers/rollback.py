"""The rollback screen's controller: choices, plan, start, follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment, Tier
from backend.contracts.runs import Backup, RollbackChoice, RollbackOptions, Run, RunKind
from controllers.operations import Background, Operation
from controllers.ports import RunsPort
from controllers.run_follower import RunFollower

RECENT_RUNS = 20


@dataclass(frozen=True)
class RollbackOffer:
    """What the dialogue shows: the ways back and the backups there are."""

    choices: tuple[RollbackChoice, ...]
    backups: tuple[Backup, ...]


class RollbackController(QObject):
    """Reads the ways back, starts one, follows it.

    Signals: `offered` with a RollbackOffer; `planned` with a Plan for a backup the operator picked;
    `following` with a flag (a run is shown or not); `listed` with runs; `plan_failed` and `failed` with an
    OperatorError; `busy_changed` with a flag.
    """

    offered = Signal(object)
    planned = Signal(object)
    plan_failed = Signal(object)
    following = Signal(bool)
    started = Signal(str)
    listed = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, runs: RunsPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.environment: Environment | None = None
        self._seen = ""
        self.follower = RunFollower(runs, background, self)
        self.follower.failed.connect(self.failed)
        self.follower.ended.connect(self._on_ended)
        self._offering = self._operation(background, self._on_offered)
        self._starting = self._operation(background, self._on_started)
        self._resuming = self._operation(background, self._on_resumed)
        self._listing = Operation(background, self)
        self._listing.succeeded.connect(self.listed)
        self._listing.failed.connect(self.failed)
        self._planning = Operation(background, self)
        self._planning.succeeded.connect(self.planned)
        self._planning.failed.connect(self.plan_failed)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self.environment = environment
        for operation in (self._offering, self._starting, self._resuming, self._listing, self._planning):
            operation.cancel()
        self.leave()

    def refresh(self) -> None:
        """Read the recent runs again."""
        if self.environment is not None:
            self._listing.run(partial(self._runs.runs, self.environment.name, RECENT_RUNS))

    def offer(self) -> None:
        """Work out the ways back from the present state; `offered` brings them."""
        if self.environment is not None:
            self._offering.run(partial(_offer, self._runs, self.environment.name))

    def plan(self, options: RollbackOptions) -> None:
        """Work out what a rollback with `options` would do."""
        if self.environment is not None:
            self._planning.run(partial(self._runs.plan_rollback, self.environment.name, options))

    def start(self, options: RollbackOptions) -> None:
        """Start the rollback in its runner and follow it."""
        if self.environment is not None:
            self._starting.run(partial(self._runs.start_rollback, self.environment.name, options))

    def resume(self) -> None:
        """Carry an interrupted rollback to its end."""
        if self.follower.run_id is not None:
            self._resuming.run(partial(self._runs.resume, self.follower.run_id))

    def consider(self, active: Run | None) -> None:
        """A run was seen at work: attach when it is a rollback that is not followed yet."""
        if active is None or active.kind is not RunKind.ROLLBACK or self._starting.busy:
            return
        # Once only: an operator who then opens another run of the list is not pulled away from it.
        if active.id not in (self._seen, self.follower.run_id):
            self._seen = active.id
            self.follow(active.id)

    def follow(self, run_id: str) -> None:
        """Show a run of the list, finished or not."""
        self.follower.follow(run_id)
        self.following.emit(True)

    def leave(self) -> None:
        """Back to the list; a run at work goes on."""
        self.follower.detach()
        self.following.emit(False)
        self.refresh()

    @Slot(object)
    def _on_offered(self, offer: RollbackOffer) -> None:
        self.offered.emit(offer)

    @Slot(object)
    def _on_started(self, run_id: str) -> None:
        self.follow(run_id)
        self.started.emit(run_id)

    @Slot(object)
    def _on_resumed(self, _nothing: object) -> None:
        if self.follower.run_id is not None:
            self.follow(self.follower.run_id)

    @Slot(object)
    def _on_ended(self, _run: Run) -> None:
        self.refresh()

    @Slot()
    def _on_busy(self) -> None:
        self.busy_changed.emit(True)

    @Slot()
    def _on_idle(self) -> None:
        self.busy_changed.emit(False)

    def _operation(self, background: Background, succeeded: object) -> Operation:
        operation = Operation(background, self)
        operation.started.connect(self._on_busy)
        operation.succeeded.connect(succeeded)
        operation.failed.connect(self.failed)
        operation.finished.connect(self._on_idle)
        return operation


def must_type_name(tier: Tier) -> bool:
    """Whether a rollback wants the environment's name typed: everywhere but on a practice ground."""
    return tier is not Tier.DEV


def options_of(choice: RollbackChoice, backup: str | None, reason: str) -> RollbackOptions:
    """What to ask the engine for. A backup picked by the operator replaces the choice's own."""
    restored = (backup or choice.backup) if choice.backup is not None else None
    return RollbackOptions(scope=choice.scope, backup=restored, reason=reason)


def _offer(runs: RunsPort, environment: str) -> RollbackOffer:
    choices: Sequence[RollbackChoice] = runs.rollback_choices(environment)
    return RollbackOffer(tuple(choices), tuple(runs.backups(environment)))

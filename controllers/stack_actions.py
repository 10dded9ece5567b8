"""Health check, start and stop of the current environment's stack."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment
from backend.contracts.runs import CriterionState, Finding
from controllers.operations import Background, Operation
from controllers.ports import StackPort


class StackActions(QObject):
    """Things an operator does to a stack outside a run.

    Signals: `health_found` with findings; `done` with a sentence; `failed` with an OperatorError;
    `busy_changed` with what is under way, empty when nothing is.
    """

    health_found = Signal(object)
    done = Signal(str)
    failed = Signal(object)
    busy_changed = Signal(str)

    def __init__(self, stack: StackPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self.environment: Environment | None = None
        self._health = self._operation(background, self.health_found)
        self._switch = self._operation(background, self._on_switched)
        self._sentence = ""

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self.environment = environment
        self._health.cancel()
        self._switch.cancel()
        self.busy_changed.emit("")

    def check_health(self) -> None:
        """Run the comprehensive health check once."""
        if self.environment is not None and not self._health.busy:
            self.busy_changed.emit("Checking health…")
            self._health.run(partial(self._stack.health, self.environment.name))

    def start(self) -> None:
        """Start the stack on the release deployed last."""
        self._run("Starting the stack…", "The stack is started.", start=True)

    def stop(self) -> None:
        """Stop the stack; its data stays."""
        self._run("Stopping the stack…", "The stack is stopped. Its data stays.", start=False)

    def _run(self, busy: str, sentence: str, *, start: bool) -> None:
        if self.environment is None or self._switch.busy:
            return
        self._sentence = sentence
        self.busy_changed.emit(busy)
        call = self._stack.up if start else self._stack.down
        self._switch.run(partial(call, self.environment.name))

    @Slot(object)
    def _on_switched(self, _nothing: object) -> None:
        self.done.emit(self._sentence)

    @Slot()
    def _on_idle(self) -> None:
        self.busy_changed.emit("")

    def _operation(self, background: Background, succeeded: object) -> Operation:
        operation = Operation(background, self)
        operation.succeeded.connect(succeeded)
        operation.failed.connect(self.failed)
        operation.finished.connect(self._on_idle)
        return operation


def verdict(findings: Sequence[Finding]) -> str:
    """The health check in a sentence."""
    failed = sum(finding.state is CriterionState.FAILED for finding in findings)
    unclear = sum(finding.state in (CriterionState.WARNING, CriterionState.UNKNOWN) for finding in findings)
    idle = sum(finding.state is CriterionState.NOT_APPLICABLE for finding in findings)
    made = len(findings) - idle
    if failed:
        return f"{failed} of {made} checks failed."
    if unclear:
        return f"No check failed; {unclear} of {made} need a look."
    return f"All {made} checks passed." + (f" {idle} do not apply here." if idle else "")

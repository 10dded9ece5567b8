"""Whether the current environment may be changed now, and unlocking it for a while."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from math import ceil

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.access import AccessState
from backend.contracts.environment import Environment
from controllers.access_port import AccessPort
from controllers.clock import Clock
from controllers.operations import Background, Operation


class AccessController(QObject):
    """Follows the unlocking of one environment.

    Signals: `changed` with an AccessState whenever it was read; `done` with a sentence after locking or
    unlocking; `failed` with an OperatorError; `busy_changed` with whether one of both is under way.
    """

    changed = Signal(object)
    done = Signal(str)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(
        self, port: AccessPort, background: Background, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._port, self._clock = port, clock
        self.environment: Environment | None = None
        self.state: AccessState | None = None
        self._reading = Operation(background, self)
        self._reading.succeeded.connect(self._on_read)
        self._writing = Operation(background, self)
        self._writing.succeeded.connect(self._on_written)
        self._writing.failed.connect(self.failed)
        self._writing.finished.connect(self._on_idle)

    @property
    def now(self) -> datetime:
        """The present by the controller's clock."""
        return self._clock()

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self._writing.cancel()
        self.busy_changed.emit(False)
        self.environment, self.state = environment, None
        self._reading.run(partial(self._port.state, environment.name))

    def stop(self) -> None:
        """Ask nothing more: the window is closed."""
        self.environment = None
        self._reading.cancel()

    @Slot()
    def refresh(self) -> None:
        """Look again: the time may be over, or somebody unlocked it on the command line."""
        if self.environment is not None and not self._writing.busy:
            self._reading.run_if_idle(partial(self._port.state, self.environment.name))

    def unlock(self, minutes: int, reason: str) -> None:
        """Allow changes for a while."""
        if self.environment is not None:
            self._write(partial(self._port.unlock, self.environment.name, minutes, reason))

    def lock(self) -> None:
        """Make it read-only again now."""
        if self.environment is not None:
            self._write(partial(self._port.lock, self.environment.name))

    def _write(self, call: Callable[[], object]) -> None:
        self._reading.cancel()
        self.busy_changed.emit(True)
        self._writing.run(call)

    @Slot(object)
    def _on_read(self, state: AccessState) -> None:
        self.state = state
        self.changed.emit(state)

    @Slot(object)
    def _on_written(self, state: AccessState) -> None:
        self._on_read(state)
        self.done.emit(sentence(state, self.now))

    @Slot()
    def _on_idle(self) -> None:
        self.busy_changed.emit(False)


def minutes_left(state: AccessState, now: datetime) -> int:
    """Begun minutes until it is read-only again; 0 while it is."""
    return 0 if state.until is None else max(0, ceil((state.until - now).total_seconds() / 60))


def sentence(state: AccessState, now: datetime) -> str:
    """What is told after locking or unlocking."""
    if state.until is None:
        return f"{state.environment} is read-only. What is at work already goes on."
    return f"{state.environment} is unlocked for {minutes_left(state, now)} min."

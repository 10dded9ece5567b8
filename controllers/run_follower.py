"""Follows one run: what the journal says of it, and its live output."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Control, OutputLine, Run, RunState
from controllers.log_model import LogModel
from controllers.operations import Background, Operation
from controllers.ports import RunsPort

FAST_MS = 250
SLOW_MS = 1000
PAGE = 2000
"""Output lines asked for at once; a full page means that more wait."""


class RunFollower(QObject):
    """Reads a run until it ends. The run itself goes on in its runner, followed or not.

    Signals: `changed` with the Run when it differs from before; `ended` with it, once; `failed` with an
    OperatorError when reading or asking failed (following goes on).
    """

    changed = Signal(object)
    ended = Signal(object)
    failed = Signal(object)
    asked = Signal(object)

    def __init__(self, runs: RunsPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._run_id: str | None = None
        self.run: Run | None = None
        self.log = LogModel(self)
        self._reading = Operation(background, self)
        self._reading.succeeded.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self._asking = Operation(background, self)
        self._asking.failed.connect(self.failed)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._read)

    @property
    def run_id(self) -> str | None:
        """The run that is followed or was followed last."""
        return self._run_id

    def follow(self, run_id: str) -> None:
        """Begin with `run_id`, from the first line of its output."""
        self.stop()
        self._run_id, self.run = run_id, None
        self.log.clear()
        self._read()

    def stop(self) -> None:
        """Stop reading. The run goes on."""
        self._timer.stop()
        self._reading.cancel()

    def detach(self) -> None:
        """Stop reading and forget the run."""
        self.stop()
        self._run_id = self.run = None
        self.log.clear()

    def ask(self, control: Control) -> None:
        """Ask the runner to pause, go on, stop, or stop and roll back."""
        if self._run_id is not None:
            self.asked.emit(control)
            self._asking.run(partial(self._runs.control, self._run_id, control))

    @Slot()
    def _read(self) -> None:
        if self._run_id is not None:
            self._reading.run(partial(_read, self._runs, self._run_id, self.log.last_sequence))

    @Slot(object)
    def _on_read(self, answer: tuple[Run, Sequence[OutputLine]]) -> None:
        run, lines = answer
        self.log.append(lines)
        before, self.run = self.run, run
        if run != before:
            self.changed.emit(run)
        if len(lines) == PAGE:
            self._timer.start(0)
        elif run.state.is_active:
            self._timer.start(SLOW_MS if run.state in (RunState.WATCHING, RunState.PAUSED) else FAST_MS)
        else:
            self.ended.emit(run)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.failed.emit(error)
        self._timer.start(SLOW_MS)


def _read(runs: RunsPort, run_id: str, after: int) -> tuple[Run, Sequence[OutputLine]]:
    """The run first: output written between the two reads is then read too, or comes with the next."""
    run = runs.run(run_id)
    return run, runs.output(run_id, after, PAGE)

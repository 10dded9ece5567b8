"""Replay runs: resolve stored tracks again, follow them, cancel them."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.replay import ReplayRun, ReplayRunRequest, ReplayRunStatus
from controllers.operations import Background, Operation
from controllers.ports import TracksPort

MOST_RUNS = 20
_POLL_MS = 1000
ACTIVE = (ReplayRunStatus.QUEUED, ReplayRunStatus.RUNNING)


class ReplaysController(QObject):
    """Signals: `changed` with the runs, newest first; `started` with the run just queued; `failed` with an
    OperatorError.
    """

    changed = Signal(object)
    started = Signal(object)
    failed = Signal(object)

    def __init__(self, port: TracksPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port = port
        self._environment = ""
        self._shown = False
        self.runs: Sequence[ReplayRun] = ()
        self._read = Operation(background, self)
        self._act = Operation(background, self)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self.refresh)
        self._read.succeeded.connect(self._on_read)
        self._read.failed.connect(self._on_not_read)
        self._act.succeeded.connect(self._on_acted)
        self._act.failed.connect(self.failed)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment."""
        self._read.cancel()
        self._act.cancel()
        self._environment, self.runs = environment, ()

    def watch(self, *, shown: bool) -> None:
        """Follow the runs while somebody looks and one of them is at work."""
        self._shown = shown
        if shown:
            self.refresh()
        else:
            self._timer.stop()

    def start(self, *, track_ids: list[str] | None, promote: bool, reason: str) -> None:
        """Queue a run under the version in force; without ids over every track with stored answers."""
        if self._environment:
            request = ReplayRunRequest(
                track_ids=track_ids, promote=promote, author=self._port.operator(), reason=reason
            )
            self._act.run(partial(self._port.start_replay, self._environment, request))

    def cancel(self, run_id: str) -> None:
        """Stop a run; what it has promoted stays."""
        if self._environment:
            self._act.run(partial(self._port.cancel_replay, self._environment, run_id))

    @Slot()
    def refresh(self) -> None:
        """Read the runs."""
        if self._environment:
            self._read.run_if_idle(partial(self._port.replay_runs, self._environment, MOST_RUNS))

    @Slot(object)
    def _on_read(self, runs: Sequence[ReplayRun]) -> None:
        self.runs = runs
        if self._shown and any(run.status in ACTIVE for run in runs):
            self._timer.start()
        else:
            self._timer.stop()
        self.changed.emit(runs)

    @Slot(object)
    def _on_not_read(self, error: object) -> None:
        self._timer.stop()
        self.failed.emit(error)

    @Slot(object)
    def _on_acted(self, run: ReplayRun) -> None:
        if run.status is ReplayRunStatus.QUEUED:
            self.started.emit(run)
        self.refresh()

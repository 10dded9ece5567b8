"""Measures the current environment every two seconds while somebody can see it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Run
from backend.contracts.stack import StackStatus
from controllers.clock import Clock, system_clock
from controllers.operations import Background, Operation
from controllers.ports import RunsPort, StackPort
from controllers.wording import span

POLL_MS = 2000
LIVE_SECONDS = 10
UNKNOWN_SECONDS = 45


class Freshness(StrEnum):
    """How far the newest measurement can be trusted."""

    LIVE = "live"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Snapshot:
    """What was measured last, and how old it is."""

    status: StackStatus | None = None
    active: Run | None = None
    """The run at work or interrupted in the environment."""
    error: OperatorError | None = None
    """Why the newest attempt failed; none after a success."""
    age_seconds: float | None = None
    freshness: Freshness = Freshness.UNKNOWN

    @property
    def words(self) -> str:
        """`Live · now`, `Stale · 12 s old` or `Unknown · no data for 1 min 5 s`."""
        if self.age_seconds is None:
            return "Unknown · no data yet"
        match self.freshness:
            case Freshness.LIVE:
                return "Live · now" if self.age_seconds < 3 else f"Live · {span(self.age_seconds)} ago"
            case Freshness.STALE:
                return f"Stale · {span(self.age_seconds)} old"
            case _:
                return f"Unknown · no data for {span(self.age_seconds)}"


class StackMonitor(QObject):
    """Polls status and active run of one environment.

    Signals: `changed` with a Snapshot after every answer, and every second while the last one ages.
    """

    changed = Signal(object)

    def __init__(
        self,
        stack: StackPort,
        runs: RunsPort,
        background: Background,
        clock: Clock = system_clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stack, self._runs, self._clock = stack, runs, clock
        self._environment: str | None = None
        self._measured_at: datetime | None = None
        self.snapshot = Snapshot()
        self._operation = Operation(background, self)
        self._operation.succeeded.connect(self._on_measured)
        self._operation.failed.connect(self._on_failed)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self.measure)
        self._ageing = QTimer(self, interval=1000)
        self._ageing.timeout.connect(self._publish)

    def watch(self, environment: str) -> None:
        """Look at `environment` from now on; what was known of another one is forgotten."""
        self._operation.cancel()
        self._environment, self._measured_at = environment, None
        self.snapshot = Snapshot()
        self.changed.emit(self.snapshot)
        self.measure()

    def set_visible(self, visible: bool) -> None:
        """Poll only while the window can be seen."""
        for timer in (self._poll, self._ageing):
            timer.start() if visible else timer.stop()
        if visible:
            self.measure()

    @Slot()
    def measure(self) -> None:
        """Measure now, unless a measurement is under way."""
        if self._environment is not None:
            self._operation.run_if_idle(partial(_measure, self._stack, self._runs, self._environment))

    @Slot(object)
    def _on_measured(self, answer: tuple[StackStatus, Run | None]) -> None:
        self._measured_at = self._clock()
        self.snapshot = Snapshot(status=answer[0], active=answer[1])
        self._publish()

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.snapshot = replace(self.snapshot, error=error)
        self._publish()

    @Slot()
    def _publish(self) -> None:
        age = None
        if self._measured_at is not None:
            age = max(0.0, (self._clock() - self._measured_at).total_seconds())
        self.snapshot = replace(self.snapshot, age_seconds=age, freshness=freshness(age))
        self.changed.emit(self.snapshot)


def freshness(age_seconds: float | None) -> Freshness:
    """Live up to 10 s, stale up to 45 s, unknown beyond: an old green is never kept."""
    if age_seconds is None or age_seconds > UNKNOWN_SECONDS:
        return Freshness.UNKNOWN
    return Freshness.LIVE if age_seconds <= LIVE_SECONDS else Freshness.STALE


def _measure(stack: StackPort, runs: RunsPort, environment: str) -> tuple[StackStatus, Run | None]:
    return stack.status(environment), runs.active_run(environment)

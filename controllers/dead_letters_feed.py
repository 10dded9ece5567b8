"""The meter and the operations as they are now: the manager's live stream, opened again when it breaks."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.dead_letter_operations import FINISHED_STATES, Operation
from backend.contracts.dead_letter_views import Meter
from backend.contracts.errors import OperatorError
from controllers.clock import Clock
from controllers.dead_letters_port import DeadLettersPort
from controllers.streams import Stream, StreamingBackground

LIVE_SECONDS = 4
TICK_MS, FIRST_RETRY_MS, LONGEST_RETRY_MS = 1000, 1000, 30_000
MOST_OPERATIONS = 20


@dataclass(frozen=True)
class LettersSnapshot:
    """What the manager said last."""

    meter: Meter | None = None
    error: OperatorError | None = None
    """Why nothing newer came; none after a success."""
    age_seconds: float | None = None
    operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """Whether it is of the last seconds."""
        return self.age_seconds is not None and self.age_seconds <= LIVE_SECONDS

    @property
    def active(self) -> Operation | None:
        """The newest operation that is not over."""
        going = [one for one in self.operations.values() if one.state not in FINISHED_STATES]
        return max(going, key=_created, default=None)


class LettersFeed(QObject):
    """Follows one environment while it is watched.

    Signals: `changed` with a LettersSnapshot for all news, and every second while the last one ages.
    """

    changed = Signal(object)

    def __init__(
        self,
        port: DeadLettersPort,
        background: StreamingBackground,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._port, self._clock = port, clock
        self._environment, self._wanted = "", False
        self._wait_ms = FIRST_RETRY_MS
        self._heard_at: datetime | None = None
        self.snapshot = LettersSnapshot()
        self._stream = Stream(background, Meter, self)
        self._stream.received.connect(self._on_items)
        self._stream.broken.connect(self._on_broken)
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._open)
        self._ageing = QTimer(self, interval=TICK_MS)
        self._ageing.timeout.connect(self._publish)

    def watch(self, environment: str, *, wanted: bool) -> None:
        """Follow `environment` as long as it is `wanted`; what was known of another one is forgotten."""
        if environment != self._environment:
            self._heard_at, self.snapshot = None, LettersSnapshot()
        elif wanted == self._wanted:
            return
        self._environment, self._wanted = environment, wanted
        self._stream.close()
        self._retry.stop()
        self._ageing.stop()
        if wanted and environment:
            self._wait_ms = FIRST_RETRY_MS
            self._ageing.start()
            self._open()

    def take(self, operation: Operation) -> None:
        """What a command made of an operation, before the stream tells it."""
        known = self.snapshot.operations.get(operation.id)
        if self._environment and operation != known and not _is_older(operation, known):
            operations = {**self.snapshot.operations, operation.id: operation}
            self.snapshot = replace(self.snapshot, operations=operations)
            self._publish()

    @Slot()
    def _open(self) -> None:
        self._stream.open(partial(self._port.events, self._environment))

    @Slot(object)
    def _on_items(self, items: list[object]) -> None:
        self._wait_ms = FIRST_RETRY_MS
        operations = dict(self.snapshot.operations)
        for item in items:
            if isinstance(item, Operation) and not _is_older(item, operations.get(item.id)):
                operations[item.id] = item
        newest = sorted(operations.values(), key=_created)[-MOST_OPERATIONS:]
        meters = [item for item in items if isinstance(item, Meter)]
        if meters:
            self._heard_at = self._clock()
        self.snapshot = replace(
            self.snapshot,
            meter=meters[-1] if meters else self.snapshot.meter,
            error=None,
            operations={one.id: one for one in newest},
        )
        self._publish()

    @Slot(object)
    def _on_broken(self, error: OperatorError | None) -> None:
        self.snapshot = replace(self.snapshot, error=error or self.snapshot.error)
        self._retry.start(self._wait_ms)
        self._wait_ms = min(2 * self._wait_ms, LONGEST_RETRY_MS)
        self._publish()

    @Slot()
    def _publish(self) -> None:
        age = None
        if self._heard_at is not None:
            age = max(0.0, (self._clock() - self._heard_at).total_seconds())
        self.snapshot = replace(self.snapshot, age_seconds=age)
        self.changed.emit(self.snapshot)


def _is_older(operation: Operation, known: Operation | None) -> bool:
    return known is not None and operation.version < known.version


def _created(operation: Operation) -> datetime:
    return operation.created_at

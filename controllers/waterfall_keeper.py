"""Keeps the draft while it is edited, one write after the other."""

import threading
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import WaterfallDraft
from controllers.operations import Background, Operation
from controllers.ports import WaterfallPort

PAUSE_MS = 300
"""Between two writes while somebody drags a slider."""


class DraftKeeper(QObject):
    """Writes the newest draft; the ones in between need not be written.

    A draft that is dropped does not come back with a write that was late.

    Signals: `failed` with the OperatorError of a write.
    """

    failed = Signal(object)

    def __init__(
        self, waterfall: WaterfallPort, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._writer = _Writer(waterfall)
        self._number = 0
        self._waiting: tuple[str, WaterfallDraft | None] | None = None
        self._kept: WaterfallDraft | None = None
        self._writing = Operation(background, self)
        self._writing.failed.connect(self._on_failed)
        self._writing.finished.connect(self._write)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._write)

    def begin(self, kept: WaterfallDraft | None) -> None:
        """Know what is kept now, so that it is not written again."""
        self._kept = kept

    def keep(self, environment: str, draft: WaterfallDraft | None) -> None:
        """Keep `draft` in place of the one before; none drops it."""
        if _alike(draft, self._kept):
            return
        self._kept = draft
        self._waiting = (environment, draft)
        if not self._pause.isActive():
            self._write()

    def flush(self) -> None:
        """Begin the write that waits now: the environment changes, or the window closes."""
        if self._waiting is not None:
            self._pause.stop()
            environment, draft = self._take(self._waiting)
            self._start(environment, draft)

    def _start(self, environment: str, draft: WaterfallDraft | None) -> None:
        self._number += 1
        self._writing.run(partial(self._writer.write, self._number, environment, draft))

    def _take(self, waiting: tuple[str, WaterfallDraft | None]) -> tuple[str, WaterfallDraft | None]:
        self._waiting = None
        return waiting

    @Slot()
    def _write(self) -> None:
        if self._waiting is not None and not self._writing.busy and not self._pause.isActive():
            environment, draft = self._take(self._waiting)
            self._pause.start()
            self._start(environment, draft)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.failed.emit(error)


def _alike(one: WaterfallDraft | None, other: WaterfallDraft | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.base.version, one.fields) == (other.base.version, other.fields)


class _Writer:
    """Writes in the order in which it was asked, whichever thread comes first."""

    def __init__(self, waterfall: WaterfallPort) -> None:
        self._waterfall = waterfall
        self._lock = threading.Lock()
        self._newest: dict[str, int] = {}

    def write(self, number: int, environment: str, draft: WaterfallDraft | None) -> None:
        """Keep or drop, unless something newer has been written."""
        with self._lock:
            if number < self._newest.get(environment, 0):
                return
            self._newest[environment] = number
            if draft is None:
                self._waterfall.drop_draft(environment)
            else:
                self._waterfall.keep_draft(environment, draft)

"""Streams of a port as objects: an iterator that blocks between its items, read in a thread of its own.

Items wait in a mailbox and arrive in the Qt thread at once, but in at most ten batches a second.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from controllers.operations import Background, Deliver, Ticket, as_operator_error

PAUSE_MS = 100
"""Least time between two batches."""

Iterate = Callable[[], Iterator[object]]


class Mailbox:
    """Items on their way between threads. A newer item of type `latest` replaces one that waits."""

    def __init__(self, latest: type) -> None:
        self._latest = latest
        self._lock = threading.Lock()
        self._waiting: list[object] = []

    def put(self, item: object) -> bool:
        """Add `item`; whether nothing waited before it."""
        with self._lock:
            was_empty = not self._waiting
            if isinstance(item, self._latest):
                self._waiting = [each for each in self._waiting if not isinstance(each, self._latest)]
            self._waiting.append(item)
            return was_empty

    def take(self) -> Sequence[object]:
        """Everything that waits, oldest first."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            return taken


class StreamingBackground(Background, Protocol):
    """Runs calls and reads iterators elsewhere."""

    def stream(self, iterate: Iterate, mailbox: Mailbox, deliver: Deliver) -> Ticket:
        """Read `iterate()` into `mailbox` away from the Qt thread, until it ends or the ticket is cancelled.

        `deliver` is called in the Qt thread: with the mailbox when something came into it while it was
        empty, and with the error, or with two Nones, when the iterator ended.
        """


class Stream(QObject):
    """One kind of stream, at most one of them open.

    Signals: `received` with a list of items, oldest first; `broken` with the OperatorError, or None, that
    ended it. Neither comes after `close`.
    """

    received = Signal(object)
    broken = Signal(object)

    def __init__(self, background: StreamingBackground, latest: type, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background, self._latest = background, latest
        self._generation = 0
        self._ticket: Ticket | None = None
        self._mailbox = Mailbox(latest)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._hand_on)

    def open(self, iterate: Iterate) -> None:
        """Begin to read; an earlier stream is closed."""
        self.close()
        self._mailbox = Mailbox(self._latest)
        deliver = partial(self._deliver, self._generation)
        self._ticket = self._background.stream(iterate, self._mailbox, deliver)

    def close(self) -> None:
        """Read no further. Waits for nothing: a thread that blocks ends with its next item."""
        self._generation += 1
        self._pause.stop()
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None

    def _deliver(self, generation: int, mailbox: object, error: BaseException | None) -> None:
        if generation != self._generation:
            return
        if mailbox is None:
            self._hand_on()
            self.close()
            self.broken.emit(None if error is None else as_operator_error(error))
        elif not self._pause.isActive():
            self._hand_on()

    @Slot()
    def _hand_on(self) -> None:
        items = self._mailbox.take()
        if items:
            self._pause.start()
            self.received.emit(items)

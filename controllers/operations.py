"""Calls to a port as objects: started, succeeded, failed, cancelled, and never late.

Everything a controller asks of a port goes through an `Operation`. The port blocks on the background
thread; the outcome arrives in the Qt thread.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from backend.contracts.errors import OperatorError

logger = logging.getLogger(__name__)

Deliver = Callable[[object, BaseException | None], None]
"""Takes a result, or the error that came instead of it, in the Qt thread."""


class Ticket(Protocol):
    """A call that was handed to the background."""

    def cancel(self) -> None:
        """Drop the outcome. The call itself still runs: it may be a write that somebody asked for."""


class Background(Protocol):
    """Runs blocking calls elsewhere and delivers their outcomes in the Qt thread."""

    def submit(self, call: Callable[[], object], deliver: Deliver) -> Ticket:
        """Run `call` away from the Qt thread, then `deliver` in it."""


class Operation(QObject):
    """One kind of call, at most one of them at a time.

    Running it again supersedes the call before: a generation number drops what arrives late.

    Signals: `started`; then `succeeded` with the result or `failed` with an OperatorError; `finished` last.
    """

    started = Signal()
    succeeded = Signal(object)
    failed = Signal(object)
    finished = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._generation = 0
        self._busy = False
        self._ticket: Ticket | None = None

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return self._busy

    def run(self, call: Callable[[], object]) -> None:
        """Start `call`; an earlier call that has not ended is forgotten."""
        self.cancel()
        self._busy = True
        self.started.emit()
        self._ticket = self._background.submit(call, partial(self._deliver, self._generation))

    def run_if_idle(self, call: Callable[[], object]) -> None:
        """Start `call` unless one is under way: in polling, a slow answer delays the next question."""
        if not self._busy:
            self.run(call)

    def cancel(self) -> None:
        """Forget the call under way; none of its signals will come."""
        self._generation += 1
        self._busy = False
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None

    def _deliver(self, generation: int, result: object, error: BaseException | None) -> None:
        if generation != self._generation:
            return
        self._busy = False
        if error is None:
            self.succeeded.emit(result)
        else:
            self.failed.emit(as_operator_error(error))
        self.finished.emit()


def as_operator_error(error: BaseException) -> OperatorError:
    """The error as the operator may read it; one that nobody foresaw is logged with its traceback."""
    if isinstance(error, OperatorError):
        return error
    logger.error("a background call failed unexpectedly", exc_info=error)
    first_line = (str(error).splitlines() or [""])[0]
    return OperatorError(
        f"Something unexpected went wrong: {type(error).__name__}: {first_line}".rstrip(": "),
        "Try again. If it happens again, copy the details and report them together with the console's log.",
    )

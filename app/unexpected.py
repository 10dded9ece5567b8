"""Errors that nobody foresaw in the Qt thread: logged, and told once instead of lost on a terminal.

Qt goes on after an exception in a slot or a virtual method; without this the operator would never know.
"""

import logging
import signal
import sys
from collections.abc import Callable
from types import FrameType, TracebackType

from PySide6.QtCore import QCoreApplication, QTimer

logger = logging.getLogger(__name__)


class UnexpectedErrors:
    """An exception hook. The same error is told once: a failing paint would raise it with every frame."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def install(self) -> None:
        """Take over `sys.excepthook`."""
        sys.excepthook = self.report

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log the error with its traceback and tell the operator."""
        first_line = (str(error).splitlines() or [""])[0]
        text = f"{kind.__name__}: {first_line}".rstrip(": ")
        if text in self._told:
            return
        self._told.add(text)
        logger.error("unexpected error in the window", exc_info=(kind, error, trace))
        self._tell(f"Something unexpected went wrong in the window: {text}")


def quit_on_signals(application: QCoreApplication) -> None:
    """End in order on Ctrl+C in the terminal and on SIGTERM."""

    def end(_number: int, _frame: FrameType | None) -> None:
        # By way of the loop: a signal that comes before it runs would otherwise be forgotten.
        QTimer.singleShot(0, application.quit)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)

"""Notices when the Qt thread stops answering.

A timer beats in the Qt thread; a thread watches the beat and keeps the stack of the Qt thread when one is
late. Needs QtCore only.
"""

import sys
import threading
import time
import traceback
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Slot

BEAT_SECONDS = 0.02


@dataclass(frozen=True)
class Stall:
    """A time in which the Qt thread did not answer."""

    seconds: float
    busy_seconds: float
    """Processor time the thread used meanwhile. Much less than `seconds`: it waited, or it was starved."""
    stack: str
    """Where the Qt thread was while it stalled."""


class StallWatchdog(QObject):
    """Counts stalls longer than `limit_seconds` of the thread it was made in."""

    def __init__(self, limit_seconds: float = 0.1, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._limit = limit_seconds
        self._thread_id = threading.get_ident()
        self._last_beat = time.monotonic()
        self._last_busy = time.thread_time()
        self._ended = threading.Event()
        self._stack_seen = ""
        self.stalls: list[Stall] = []
        self._timer = QTimer(self, interval=int(BEAT_SECONDS * 1000))
        self._timer.timeout.connect(self._beat)
        self._watcher = threading.Thread(target=self._watch, name="songnodes-watchdog", daemon=False)

    def start(self) -> None:
        """Begin to watch."""
        self._last_beat, self._last_busy = time.monotonic(), time.thread_time()
        self._timer.start()
        self._watcher.start()

    def stop(self) -> None:
        """End watching; `stalls` stays readable."""
        self._timer.stop()
        self._ended.set()
        self._watcher.join()

    @Slot()
    def _beat(self) -> None:
        now = time.monotonic()
        busy = time.thread_time()
        late = now - self._last_beat - BEAT_SECONDS
        if late > self._limit:
            self.stalls.append(Stall(late, busy - self._last_busy, self._stack_seen))
        self._last_beat, self._last_busy = now, busy
        self._stack_seen = ""

    def _watch(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            if not self._stack_seen and time.monotonic() - self._last_beat > self._limit:
                self._stack_seen = self._stack_of_qt_thread()

    def _stack_of_qt_thread(self) -> str:
        frame = sys._current_frames().get(self._thread_id)
        return "".join(traceback.format_stack(frame)) if frame is not None else ""

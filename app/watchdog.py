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
    frames: traceback.StackSummary
    """Where the Qt thread was while it stalled; empty when the watcher was starved too."""

    @property
    def stack(self) -> str:
        """The frames as text. Reads source files, so not while the Qt thread is being timed."""
        return "".join(self.frames.format())


class StallWatchdog(QObject):
    """Counts stalls longer than `limit_seconds` of the thread it was made in."""

    def __init__(self, limit_seconds: float = 0.1, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._limit = limit_seconds
        self._thread_id = threading.get_ident()
        self._last_beat = time.monotonic()
        self._last_busy = time.thread_time()
        self._ended = threading.Event()
        self._frames_seen = traceback.StackSummary()
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
            self.stalls.append(Stall(late, busy - self._last_busy, self._frames_seen))
        self._last_beat, self._last_busy = now, busy
        self._frames_seen = traceback.StackSummary()

    def _watch(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            if not self._frames_seen and time.monotonic() - self._last_beat > self._limit:
                self._frames_seen = self._frames_of_qt_thread()

    def _frames_of_qt_thread(self) -> traceback.StackSummary:
        """Names and line numbers only. Reading source lines here would give the GIL away at every file, and
        a busy Qt thread hands it back 5 ms later each time: the stall would end before the stack is known.
        """
        frame = sys._current_frames().get(self._thread_id)
        walked = [] if frame is None else list(traceback.walk_stack(frame))
        return traceback.StackSummary.from_list(
            traceback.FrameSummary(each.f_code.co_filename, line, each.f_code.co_name, lookup_line=False)
            for each, line in reversed(walked)
        )

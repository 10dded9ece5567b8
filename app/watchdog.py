"""Notices when the Qt thread stops answering.

A timer beats in the Qt thread; a thread watches the beat and keeps the stack of the Qt thread when one is
late. Needs QtCore only.
"""

import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

BEAT_SECONDS = 0.02


@dataclass(frozen=True)
class Stall:
    """A time in which the Qt thread did not answer."""

    seconds: float
    busy_seconds: float
    """Processor time the thread used meanwhile. Much less than `seconds`: it waited, or it was starved."""
    starved_seconds: float
    """Time in which threads of this process were ready and other work had the processor, summed up."""
    frames: traceback.StackSummary
    """Where the Qt thread was while it stalled; empty when the watcher was starved too."""

    @property
    def own_seconds(self) -> float:
        """What a free machine would not have spared: the thread's own code, and waiting for anything else."""
        return max(self.busy_seconds, self.seconds - self.starved_seconds)

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
        self._last_starved = seconds_starved()
        self._ended = threading.Event()
        self._frames_seen = traceback.StackSummary()
        self.stalls: list[Stall] = []
        self._timer = QTimer(self, interval=int(BEAT_SECONDS * 1000))
        self._timer.timeout.connect(self._beat)
        self._watcher = threading.Thread(target=self._watch, name="songnodes-watchdog", daemon=False)

    def start(self) -> None:
        """Begin to watch."""
        self._last_beat, self._last_busy = time.monotonic(), time.thread_time()
        self._last_starved = seconds_starved()
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
        busy, starved = time.thread_time(), seconds_starved()
        late = now - self._last_beat - BEAT_SECONDS
        if late > self._limit:
            waited = max(0.0, starved - self._last_starved)
            self.stalls.append(Stall(late, busy - self._last_busy, waited, self._frames_seen))
        self._last_beat, self._last_busy, self._last_starved = now, busy, starved
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


def seconds_starved(tasks: Path = Path("/proc/self/task")) -> float:
    """How long the process's threads, all together, have been ready to run without a processor.

    All of them and not the Qt thread alone: it also waits while a worker that holds the interpreter is
    starved. Zero where the system does not count it (anything but Linux).
    """
    nanoseconds = 0
    for counts in tasks.glob("*/schedstat"):
        try:
            nanoseconds += int(counts.read_text().split()[1])
        except (OSError, IndexError):
            continue  # the thread has ended meanwhile, or the kernel counts nothing
    return nanoseconds / 1e9

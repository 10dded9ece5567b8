"""Processor time of the circuit-breaker screen with 15 providers at one update a second. Limit: 2 %.

The whole window is shown, with the real background thread and a stream that brings other figures for every
provider each second, and with all else the window does meanwhile. Beside it the same window on Settings.
Drawn offscreen: the window is painted into memory, so what a graphics driver or a compositor would add is
not in the figure. Making the sample's figures is measured apart and taken off. On a busy machine processor
time grows too; compare with the figure beside it.
"""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.background import BackgroundLoop
from app.desktop import make_application, make_window
from backend.contracts.live import BreakerTransition, LiveProviders
from backend.contracts.providers import ProviderStatus
from tests.gui.sample import stack as stacks
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.providers import SampleProviders, many
from tests.gui.sample.settings import SampleSettings
from tests.gui.sample.stack import SampleStack
from views.shell.main_window import MainWindow

LIMIT_SHARE = 0.02
UPDATES = 20
PROVIDERS = 15
SCREENS = {"circuit breakers": "breakers.open", "the same window on Settings": "settings.open"}


def now() -> datetime:
    """The sample's clock runs."""
    return datetime.now(UTC)


class Busy(SampleProviders):
    """Brings other figures every second, as JSON that is read as the real port reads it."""

    def __init__(self) -> None:
        super().__init__(now)
        self.updates = 0
        self.making = 0.0
        self.ended = threading.Event()
        self.current = lambda moment: many(moment, PROVIDERS)

    def events(self, environment: str) -> Iterator[LiveProviders | BreakerTransition]:  # noqa: ARG002
        """One item a second."""
        while not self.ended.wait(1.0):
            began = time.thread_time()
            text = self._figures().model_dump_json()
            self.making += time.thread_time() - began
            self.updates += 1
            yield LiveProviders.model_validate_json(text)

    def _figures(self) -> LiveProviders:
        live = self.current(now())
        return live.model_copy(
            update={"providers": {name: self._moved(each) for name, each in live.providers.items()}}
        )

    def _moved(self, status: ProviderStatus) -> ProviderStatus:
        traffic = status.traffic
        moved = traffic.model_copy(
            update={
                "calls": traffic.calls + self.updates % 7,
                "p95_ms": (traffic.p95_ms or 0) + self.updates % 5,
                "cache_hits": traffic.cache_hits + 3 * self.updates,
            }
        )
        left = max(0, (status.rate_gate.remaining or 0) - self.updates % 3)
        gate = status.rate_gate.model_copy(update={"remaining": left})
        return status.model_copy(update={"traffic": moved, "rate_gate": gate})


class Here(SampleSettings):
    """Settings in a folder of the benchmark."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    def home(self) -> str:
        """The folder."""
        return self._folder


def measure(application: QApplication, providers: Busy, folder: str, *, screen: str) -> tuple[float, float]:
    """Processor seconds of the process, and seconds that passed, for `UPDATES` updates on a screen."""
    stack = SampleStack(now)
    stack.current = stacks.healthy
    background = BackgroundLoop()
    background.start()
    ports = sample_ports(now, stack=stack, providers=providers, settings=Here(folder))
    window = make_window(application, ports, background)
    window.resize(1440, 900)
    window.show()
    window.router.run(screen)
    try:
        _wait(providers, 3)
        busy, began, making = time.process_time(), time.monotonic(), providers.making
        _wait(providers, providers.updates + UPDATES)
        return time.process_time() - busy - (providers.making - making), time.monotonic() - began
    finally:
        providers.ended.set()
        _close(window, background)


def _wait(providers: Busy, updates: int) -> None:
    """Run the real event loop until so many updates have come: it sleeps between events, as in life."""
    loop = QEventLoop()
    timer = QTimer(interval=100)
    timer.timeout.connect(lambda: loop.quit() if providers.updates >= updates else None)
    timer.start()
    loop.exec()


def _close(window: MainWindow, background: BackgroundLoop) -> None:
    window.console.stop()
    window.close()
    background.stop()


def main() -> None:
    """Print the share of a core for the screen, and beside it for the same window on another screen."""
    application = make_application()
    for name, screen in SCREENS.items():
        with tempfile.TemporaryDirectory() as folder:
            busy, passed = measure(application, Busy(), folder, screen=screen)
        share = busy / passed
        sys.stdout.write(
            f"{name}, {PROVIDERS} providers at 1 Hz: {100 * share:.2f} % of a core"
            f" (limit {100 * LIMIT_SHARE:.0f} %, ratio {share / LIMIT_SHARE:.2f}), n = {UPDATES} updates\n"
        )


if __name__ == "__main__":
    main()

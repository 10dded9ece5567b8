"""From a change in the gateway until it stands on the screen. Limit: 0.5 s for each.

A deployed sandbox, its gateway a process of its own, the real window with the real stream. Measured from the
moment that the gateway gives for the change until the window has drawn the new state.
"""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import statistics
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.background import BackgroundLoop
from app.deferred import DeferredPorts
from app.desktop import make_application, make_window
from app.settings_port import make_settings
from backend.clients.gateway import GatewayClient
from backend.contracts.control import ControlAction, ControlRequest
from controllers.breakers_rows import Column
from tests.fixtures.sandbox import Sandbox, new_sandbox, tear_down
from tests.gui.taking_down import take_down
from views.shell.main_window import MainWindow

LIMIT_SECONDS = 0.5
CHANGES = 20
PROVIDER = "deezer"
_STATES = {ControlAction.FORCE_OPEN: "Forced open", ControlAction.CLOSE: "Closed"}


def measure(application: QApplication, sandbox: Sandbox) -> list[float]:
    """Seconds of each change, forced open and closed in turn."""
    background = BackgroundLoop()
    background.start()
    ports = DeferredPorts(sandbox.home).ports(make_settings(sandbox.home))
    window = make_window(application, ports, background)
    window.show()
    window.router.run("breakers.open")
    try:
        _wait_for(window, "Closed")
        actions = [ControlAction.FORCE_OPEN, ControlAction.CLOSE] * (CHANGES // 2)
        return [_change(window, sandbox, action) for action in actions]
    finally:
        window.console.stop()
        background.stop()
        take_down(window)


def _change(window: MainWindow, sandbox: Sandbox, action: ControlAction) -> float:
    client = GatewayClient(sandbox.environment, sandbox.target.admin_token())
    request = ControlRequest(action=action, reason="benchmark", author="benchmark@here")
    caller = threading.Thread(target=client.control, args=(PROVIDER, request))
    caller.start()
    _wait_for(window, _STATES[action])
    status = window.console.breakers.status(PROVIDER)
    assert status is not None
    seconds = (datetime.now(UTC) - status.circuit_breaker.since).total_seconds()
    caller.join()
    return seconds


def _wait_for(window: MainWindow, state: str) -> None:
    """Run the event loop until the state is shown and drawn."""
    table = window.console.breakers.table
    loop = QEventLoop()

    def look() -> None:
        place = table.place_of(PROVIDER)
        if place >= 0 and table.rows()[place].cells[Column.STATE].startswith(state):
            window.breakers.table.viewport().repaint()
            loop.quit()

    timer = QTimer(interval=1)
    timer.timeout.connect(look)
    timer.start()
    loop.exec()


def main() -> None:
    """Print the median and the slowest."""
    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        sandbox = new_sandbox(Path(folder))
        try:
            done = sandbox.command("deploy", "--yes", seconds=600)
            assert done.returncode == 0, done.stdout + done.stderr
            seconds = measure(application, sandbox)
        finally:
            tear_down(sandbox)
    slowest = max(seconds)
    median = statistics.median(seconds)
    sys.stdout.write(
        f"change on the screen: median {median:.3f} s, slowest {slowest:.3f} s, n = {len(seconds)};"
        f" limit {LIMIT_SECONDS} s, ratio of the slowest {slowest / LIMIT_SECONDS:.2f}\n"
    )


if __name__ == "__main__":
    main()

"""Stalls of the Qt thread while the window follows a whole deployment. Limit: 0.1 s each."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.background import BackgroundLoop
from app.deferred import DeferredPorts
from app.desktop import make_application, make_window
from app.settings_port import make_settings
from app.watchdog import StallWatchdog
from backend.contracts.runs import DeployOptions
from controllers.deploy_wizard import Page
from tests.fixtures.sandbox import new_sandbox, tear_down
from views.shell.main_window import MainWindow

LIMIT_SECONDS = 0.1


def follow_deployment(application: QApplication, folder: Path) -> StallWatchdog:
    """Deploy with the window open on the run; the watchdog that watched it."""
    sandbox = new_sandbox(folder)
    background = BackgroundLoop()
    background.start()
    ports = DeferredPorts(sandbox.home).ports(make_settings(sandbox.home))
    window = make_window(application, ports, background)
    window.resize(1440, 900)
    window.show()
    try:
        ports.runs.start_deploy("sandbox", DeployOptions())
        watchdog = StallWatchdog(LIMIT_SECONDS)
        watchdog.start()
        _run_until_result(application, window)
        watchdog.stop()
        return watchdog
    finally:
        window.close()
        window.console.stop()
        background.stop()
        tear_down(sandbox)


def _run_until_result(application: QApplication, window: MainWindow) -> None:
    deadline = time.monotonic() + 120
    window.router.run("deploy.open")
    while window.console.deploy.wizard.page is not Page.RESULT and time.monotonic() < deadline:
        application.processEvents()
        time.sleep(0.002)
    assert window.console.deploy.wizard.page is Page.RESULT


def main() -> None:
    """Print the number of stalls over the limit, the longest, and the longest that the window caused."""
    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        stalls = follow_deployment(application, Path(folder) / "home").stalls
    longest = max((stall.seconds for stall in stalls), default=0.0)
    own = max((stall.own_seconds for stall in stalls), default=0.0)
    sys.stdout.write(
        f"stalls over {LIMIT_SECONDS:.1f} s: {len(stalls)}, longest {longest:.3f} s"
        f" (ratio {longest / LIMIT_SECONDS:.2f}); without what the machine's other work took: {own:.3f} s\n"
    )


if __name__ == "__main__":
    main()

"""From starting the process until the window is painted, the second and later starts. Limit: 2 s."""

import os
import subprocess
import sys
import tempfile
import time

from tests.benchmarks.report import show

LIMIT_SECONDS = 2.0
RUNS = 5

_PROGRAM = """
from app.background import BackgroundLoop
from app.deferred import DeferredPorts
from app.desktop import make_application, make_window
from app.settings_port import make_settings
from backend.home import Home

home = Home.from_process_environment()
ports = DeferredPorts(home).ports(make_settings(home))
application = make_application()
background = BackgroundLoop()
background.start()
window = make_window(application, ports, background)
window.show()
application.processEvents()
window.grab()
print("painted", flush=True)
window.console.stop()
background.stop()
"""


def start_once(home: str) -> float:
    """Seconds until the first picture of the window."""
    began = time.perf_counter()
    environment = {**os.environ, "SONGNODES_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "painted"
        return time.perf_counter() - began


def main() -> None:
    """Start once to warm the disk's cache, then measure."""
    with tempfile.TemporaryDirectory() as home:
        start_once(home)
        show("window painted", [start_once(home) for _ in range(RUNS)], LIMIT_SECONDS)


if __name__ == "__main__":
    main()

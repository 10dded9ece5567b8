"""The console as a process of its own: what it says, and that it ends."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.unexpected import UnexpectedErrors

ROOT = Path(__file__).parents[2]

BROKEN_START = """
from app.desktop import start_desktop
from backend.contracts.errors import OperatorError
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.settings import SampleSettings

class Unreadable(SampleSettings):
    def theme(self):
        raise OperatorError("The settings cannot be read.", "Mend or delete the file.")

clock = StoppedClock()
start_desktop(sample_ports(clock, settings=Unreadable()))
"""


ANNOUNCED_START = """
from app import desktop
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.settings import SampleSettings
from tests.gui.sample.stack import SampleStack

class Announced(SampleStack):
    def environments(self):
        print("the window is there", flush=True)
        return super().environments()

class Here(SampleSettings):
    def home(self):
        import os
        return os.environ["SONGNODES_HOME"]

clock = StoppedClock()
raise SystemExit(desktop.start_desktop(sample_ports(clock, stack=Announced(clock), settings=Here())))
"""


def run(words: list[str], home: Path, platform: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python in a process without a display."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"SONGNODES_HOME": str(home)} | ({"QT_QPA_PLATFORM": platform} if platform else {})
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_display_it_says_so_and_ends(tmp_path: Path) -> None:
    ended = run(["main.py"], tmp_path, None)
    assert ended.returncode == 4
    said = ended.stdout + ended.stderr
    assert "There is no display" in said
    assert "Traceback" not in said


def test_a_start_that_fails_leaves_no_process_behind(tmp_path: Path) -> None:
    """The background thread is stopped too; it would keep the process alive for ever."""
    ended = run(["-c", BROKEN_START], tmp_path, "offscreen")
    assert ended.returncode == 1
    assert "OperatorError: The settings cannot be read." in ended.stderr


def test_an_unforeseen_error_is_told_once_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    errors = UnexpectedErrors(told.append)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            errors.report(ValueError, ValueError("seven\nmore"), None)
    assert told == ["Something unexpected went wrong in the window: ValueError: seven"]
    assert len(caplog.records) == 1


def test_a_signal_ends_it_in_order(tmp_path: Path) -> None:
    environment = os.environ | {"SONGNODES_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    console = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCED_START], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert console.stdout is not None
    assert console.stdout.readline() == "the window is there\n"
    console.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    assert console.wait(30) == 0
    assert time.monotonic() - begin < 10
    console.stdout.close()

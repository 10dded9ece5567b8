"""Makes dead-letter managers in a few milliseconds, so that many can be killed.

A process that has everything imported forks one whenever it is asked to; each is the real service with
its own connections. Started as `python -m tests.faults.nursery`; `Nursery` is the other side.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from backend.services.dlq_manager.__main__ import main as run_manager
from tests.faults.failpoints import arm

_ROOT = Path(__file__).parents[2]


class Nursery:
    """Asks for managers and buries them; usable from several threads."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.nursery"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
        )
        self._lock = threading.Lock()

    def start(self, environment: dict[str, str], log: Path, failpoint: str = "") -> int:
        """The pid of a new manager, which dies at `failpoint` (see failpoints) when one is given."""
        told = {"do": "start", "environment": environment, "log": str(log), "failpoint": failpoint}
        return int(self._ask(told))

    def end(self, pid: int, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; the exit status, negative for a signal."""
        return int(self._ask({"do": "end", "pid": pid, "signal": int(number)}))

    def ended(self, pid: int) -> int | None:
        """The exit status; None while it lives."""
        status = self._ask({"do": "look", "pid": pid})
        return None if status is None else int(status)

    def close(self) -> None:
        """End it, and every manager with it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.stdout is not None
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def _ask(self, told: dict[str, Any]) -> Any:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


def _serve() -> None:
    living: set[int] = set()
    for line in sys.stdin:
        told = json.loads(line)
        answer: int | None
        if told["do"] == "start":
            answer = _fork(told)
            living.add(answer)
        else:
            answer = _look(told, living)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _look(told: dict[str, Any], living: set[int]) -> int | None:
    pid = told["pid"]
    if told["do"] == "end":
        os.kill(pid, told["signal"])
    found, status = os.waitpid(pid, 0 if told["do"] == "end" else os.WNOHANG)
    if not found:
        return None
    living.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _fork(told: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.environ.clear()
    os.environ.update(told["environment"])
    for number, flags, path in ((0, os.O_RDONLY, os.devnull), (1, os.O_WRONLY | os.O_APPEND, told["log"])):
        os.dup2(os.open(path, flags | os.O_CREAT, 0o600), number)
    os.dup2(1, 2)
    try:
        if told["failpoint"]:
            arm(told["failpoint"])
        run_manager()
    finally:
        os._exit(3)


if __name__ == "__main__":
    _serve()

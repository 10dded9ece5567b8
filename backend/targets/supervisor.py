"""The supervisor of a local stack: a `supervisord` of its own that outlives console and command line."""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from backend.contracts.errors import OperatorError
from backend.home import make_private_folder
from backend.targets.supervisor_files import Program, SupervisorFiles


@dataclass(frozen=True)
class ProcessState:
    """A supervised process as the supervisor sees it."""

    name: str
    state: str
    """supervisor's own word: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED or FATAL."""
    process_id: int | None
    started_at: datetime | None
    explanation: str


class Supervisor:
    """Starts, changes and asks one supervisord, whose files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._files = SupervisorFiles(folder)

    @property
    def files(self) -> SupervisorFiles:
        """Its configuration and what else it keeps on disk."""
        return self._files

    @property
    def config_file(self) -> Path:
        """The configuration, which `supervisorctl -c` takes as well."""
        return self._files.config_file

    @property
    def log_file(self) -> Path:
        """supervisord's own log."""
        return self._files.log_file

    def is_running(self) -> bool:
        """Whether the supervisor answers."""
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def programs(self) -> list[str]:
        """Names of the configured programs."""
        return list(self._files.programs())

    def start(self, programs: Sequence[Program] = ()) -> None:
        """Start the supervisor with the programs it has and these; nothing happens when it runs."""
        if self.is_running():
            return
        make_private_folder(self._files.socket().parent)
        self._files.put(programs)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.config_file)]
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=_clean_environment(),
            check=False, timeout=30,
        )  # fmt: skip
        if done.returncode != 0:
            said = f"{done.stdout.strip()} {done.stderr.strip()}".strip()
            raise OperatorError(
                f"The supervisor of the local stack did not start: {said}",
                f"Read {self.log_file} and try again.",
            )
        self._wait_until(self.is_running, 15, "the supervisor answers")

    def put(self, program: Program) -> None:
        """Run `program` in place of the one with its name, which is stopped first."""
        self._files.put([program])
        self._apply(restart=program.name)

    def remove(self, name: str) -> None:
        """Stop a program and forget it. Nothing happens when there is none."""
        if name not in self._files.programs():
            return
        self._files.remove(name)
        self._apply(restart=None)

    def states(self) -> dict[str, ProcessState]:
        """What every program is doing; empty when the supervisor does not run."""
        try:
            answers = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Error):
            return {}
        return {answer["name"]: _process_state(answer) for answer in answers}

    def runs(self, name: str) -> bool:
        """Whether the program runs or is about to."""
        state = self.states().get(name)
        return state is not None and state.state in ("RUNNING", "STARTING")

    def shut_down(self, seconds: float = 60) -> None:
        """Stop every program, then the supervisor itself."""
        try:
            self._call("shutdown")
        except (OSError, xmlrpc.client.Error):
            return
        self._wait_until(
            lambda: not self.is_running() and not self._files.pid_file.exists(),
            seconds,
            "the supervisor has ended",
        )
        self._files.remove_socket_folder()

    def _apply(self, restart: str | None) -> None:
        added, changed, removed = self._call("reloadConfig")[0]
        again = {*changed, *([restart] if restart else [])}
        for name in {*again, *removed} - set(added):
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in {*added, *again}:
            self._call("addProcessGroup", name)

    def _call(self, method: str, *arguments: str) -> Any:
        """Call supervisord over its socket; OSError when nobody listens."""
        transport = SupervisorTransport(None, None, f"unix://{self._files.socket()}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()

    def _wait_until(self, condition: Any, seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"Waited {seconds:.0f} s in vain until {what}.", f"Read {self.log_file} for the cause."
                )
            time.sleep(0.05)


def _process_state(answer: Mapping[str, Any]) -> ProcessState:
    running = answer["pid"] > 0
    return ProcessState(
        name=answer["name"],
        state=answer["statename"],
        process_id=answer["pid"] if running else None,
        started_at=datetime.fromtimestamp(answer["start"], UTC) if running else None,
        explanation=answer["spawnerr"] or answer["description"],
    )


def _clean_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
    return {key: os.environ[key] for key in kept if key in os.environ}

"""The supervisor of a local stack: a `supervisord` of its own that outlives console and command line."""

import configparser
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from backend.contracts.errors import OperatorError
from backend.home import make_private_folder

_LONGEST_SOCKET_PATH = 90
"""A unix socket's path holds 107 bytes; supervisor adds its process id while it binds."""


@dataclass(frozen=True)
class Program:
    """A process that the supervisor keeps running."""

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    """How long it may take to stop before it is killed."""


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
        self._folder = folder

    @property
    def config_file(self) -> Path:
        """The configuration, which `supervisorctl -c` takes as well."""
        return self._folder / "supervisord.conf"

    @property
    def log_file(self) -> Path:
        """supervisord's own log."""
        return self._folder / "supervisord.log"

    def is_running(self) -> bool:
        """Whether the supervisor answers."""
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def programs(self) -> list[str]:
        """Names of the configured programs."""
        prefix = "program:"
        return [s.removeprefix(prefix) for s in self._read().sections() if s.startswith(prefix)]

    def start(self) -> None:
        """Start the supervisor with the programs it has; nothing happens when it runs."""
        if self.is_running():
            return
        make_private_folder(self._socket().parent)
        if not self.config_file.exists():
            self._write({})
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
        sections = self._sections()
        sections[f"program:{program.name}"] = _section(program)
        self._write(sections)
        self._apply(restart=program.name)

    def remove(self, name: str) -> None:
        """Stop a program and forget it. Nothing happens when there is none."""
        sections = self._sections()
        if sections.pop(f"program:{name}", None) is None:
            return
        self._write(sections)
        self._apply(restart=None)

    def states(self) -> dict[str, ProcessState]:
        """What every program is doing; empty when the supervisor does not run."""
        try:
            answers = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Error):
            return {}
        return {answer["name"]: _process_state(answer) for answer in answers}

    def spawn_count(self, name: str, since: datetime) -> int:
        """How often a program was started since then, from the supervisor's log."""
        mark = f"spawned: '{name}' with pid"
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return 0
        local = since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return sum(1 for line in lines if mark in line and line[:19] >= local)

    def shut_down(self, seconds: float = 60) -> None:
        """Stop every program, then the supervisor itself."""
        try:
            self._call("shutdown")
        except (OSError, xmlrpc.client.Error):
            return
        self._wait_until(
            lambda: not self.is_running() and self._pid_gone(), seconds, "the supervisor has ended"
        )

    def _pid_gone(self) -> bool:
        return not (self._folder / "supervisord.pid").exists()

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
        transport = SupervisorTransport(None, None, f"unix://{self._socket()}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()

    def _socket(self) -> Path:
        """The control socket: the one configured, else beside the configuration when its path is short."""
        configured = self._read().get("unix_http_server", "file", fallback="")
        if configured:
            return Path(configured)
        near = self._folder / "control.sock"
        if len(str(near)) <= _LONGEST_SOCKET_PATH:
            return near
        mark = hashlib.sha256(str(self._folder).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"songnodes-{os.getuid()}-{mark}" / "control.sock"

    def _read(self) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser()
        parser.read(self.config_file)
        return parser

    def _sections(self) -> dict[str, dict[str, str]]:
        parser = self._read()
        return {name: dict(parser[name]) for name in parser.sections() if name.startswith("program:")}

    def _write(self, programs: Mapping[str, Mapping[str, str]]) -> None:
        socket = self._socket()
        make_private_folder(self._folder)
        parser = configparser.RawConfigParser()
        parser.read_dict({**_frame(self._folder, socket), **programs})
        fresh = self.config_file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            parser.write(stream)
        fresh.replace(self.config_file)

    def _wait_until(self, condition: Any, seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"Waited {seconds:.0f} s in vain until {what}.", f"Read {self.log_file} for the cause."
                )
            time.sleep(0.05)


def _frame(folder: Path, socket: Path) -> dict[str, dict[str, str]]:
    user = {"user": "root"} if os.getuid() == 0 else {}
    return {
        "unix_http_server": {"file": str(socket), "chmod": "0700"},
        "supervisord": {
            "logfile": _escape(str(folder / "supervisord.log")),
            "pidfile": _escape(str(folder / "supervisord.pid")),
            "childlogdir": _escape(str(folder)),
            "loglevel": "info",
            "logfile_maxbytes": "1MB",
            "logfile_backups": "3",
            "umask": "077",
            **user,
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "supervisorctl": {"serverurl": f"unix://{socket}"},
    }


def _section(program: Program) -> dict[str, str]:
    pairs = ",".join(f'{key}="{_escape(value)}"' for key, value in sorted(program.environment.items()))
    return {
        "command": _escape(" ".join(_quote(part) for part in program.command)),
        "directory": _escape(str(program.folder)),
        "environment": pairs,
        "autostart": "true",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "3",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "redirect_stderr": "true",
        "stdout_logfile": _escape(str(program.log)),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "3",
    }


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _quote(part: str) -> str:
    if part and all(c.isalnum() or c in "-_./=:+,@%" for c in part):
        return part
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


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

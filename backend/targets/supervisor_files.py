"""The files of one supervisord: its configuration with the programs, its log, process id and socket."""

import configparser
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend.home import make_private_folder

_LONGEST_SOCKET_PATH = 90
"""A unix socket's path holds 107 bytes; supervisor adds its process id while it binds."""
_PREFIX = "program:"
LOG_BACKUPS = 3
"""Rotated logs of supervisord that are kept."""


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


class SupervisorFiles:
    """What lies in `folder`, and the socket, which lies elsewhere when the folder's path is long."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def config_file(self) -> Path:
        """The configuration."""
        return self._folder / "supervisord.conf"

    @property
    def log_file(self) -> Path:
        """supervisord's own log."""
        return self._folder / "supervisord.log"

    @property
    def pid_file(self) -> Path:
        """supervisord's process id; it removes the file when it ends in order."""
        return self._folder / "supervisord.pid"

    def socket(self) -> Path:
        """The control socket: the one configured, else beside the configuration when its path is short."""
        configured = self._read().get("unix_http_server", "file", fallback="")
        if configured:
            return Path(configured)
        near = self._folder / "control.sock"
        if len(str(near)) <= _LONGEST_SOCKET_PATH:
            return near
        mark = hashlib.sha256(str(self._folder).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"songnodes-{os.getuid()}-{mark}" / "control.sock"

    def programs(self) -> dict[str, dict[str, str]]:
        """The options of every configured program, in the order in which they were first put."""
        parser = self._read()
        return {
            name.removeprefix(_PREFIX): dict(parser[name])
            for name in parser.sections()
            if name.startswith(_PREFIX)
        }

    def has(self, program: Program) -> bool:
        """Whether the configuration has `program` exactly like this."""
        return self.programs().get(program.name) == _section(program)

    def put(self, programs: Sequence[Program]) -> None:
        """Add programs, in place of those with their names."""
        self._write({**self.programs(), **{p.name: _section(p) for p in programs}})

    def remove(self, name: str) -> None:
        """Take a program out."""
        self._write({n: options for n, options in self.programs().items() if n != name})

    def remove_remains(self) -> None:
        """Remove what a supervisor that was killed leaves: process id, socket and the socket's own folder."""
        self.pid_file.unlink(missing_ok=True)
        self.socket().unlink(missing_ok=True)
        self.remove_socket_folder()

    def remove_socket_folder(self) -> None:
        """Remove the folder that was made for the socket alone, when it is ours and empty."""
        folder = self.socket().parent
        if folder == self._folder or not folder.is_dir() or folder.stat().st_uid != os.getuid():
            return
        if not any(folder.iterdir()):
            folder.rmdir()

    def _read(self) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser()
        parser.read(self.config_file)
        return parser

    def _write(self, programs: Mapping[str, Mapping[str, str]]) -> None:
        socket = self.socket()
        make_private_folder(self._folder)
        parser = configparser.RawConfigParser()
        sections = {f"{_PREFIX}{name}": options for name, options in programs.items()}
        parser.read_dict({**_frame(self._folder, socket), **sections})
        fresh = self.config_file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            parser.write(stream)
        fresh.replace(self.config_file)


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
            "logfile_backups": str(LOG_BACKUPS),
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

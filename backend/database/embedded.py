"""A PostgreSQL server of our own: its data directory and the command that runs it in the foreground."""

import errno
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress, WrongPasswordError
from backend.database.binaries import PostgresBinaries
from backend.database.databases import ensure_database
from backend.database.folder_lock import alone_in, sync
from backend.database.server_user import ServerUser

_SETTINGS = {
    "unix_socket_directories": "",  # TCP only: a socket path under a long folder would not fit
    "log_lock_waits": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One data directory and the server that runs on it.

    A supervisor runs `command()`; it stops the server with SIGINT (fast shutdown). `user` is the
    bootstrap superuser, its password is the content of `password_file` when the directory is made.
    """

    data_dir: Path
    port: int
    password_file: Path
    binaries: PostgresBinaries
    host: str = "127.0.0.1"
    user: str = "musicdb_user"
    settings: Mapping[str, str] = field(default_factory=dict)
    """Server settings beyond the usual ones."""

    def address(self, name: str = "postgres") -> DatabaseAddress:
        """A database of this server."""
        return DatabaseAddress(self.host, self.port, name, self.user, self._password())

    def command(self) -> list[str]:
        """The server in the foreground. Needs `initialise()` first."""
        settings = {**_SETTINGS, "listen_addresses": self.host, "port": str(self.port), **self.settings}
        switches = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [
            *self._server_user().prefix,
            str(self.binaries.program("postgres")),
            *("-D", str(self.data_dir)),
            *switches,
        ]

    def initialise(self) -> None:
        """Make the data directory when there is none yet.

        May be called again at any time, also after a crash in the middle: the directory is made under
        another name and gets its own when it is complete. Raises OperatorError when what is there cannot
        be used: another major version, another owner, something else's files, or a port in use.
        """
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        user = self._server_user()
        with alone_in(self.data_dir.parent):
            if self._has_files():
                self._check_data(user)
            else:
                self._make_data(user)
        if not self.is_running():
            self.check_port()

    def is_running(self) -> bool:
        """Whether the process that the data directory names as its server is alive."""
        try:
            first_line = (self.data_dir / "postmaster.pid").read_text().partition("\n")[0]
            os.kill(int(first_line), 0)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        except PermissionError:  # alive, and another account's
            return True
        return True

    def is_accepting(self) -> bool:
        """Whether this very server, and no other one on the port, takes connections.

        Raises WrongPasswordError: a server that refuses the password will not take it a moment later either.
        """
        if not self.is_running():
            return False
        try:
            connection = self.address().connect(autocommit=True, connect_timeout=2)
        except WrongPasswordError:
            raise
        except OperatorError:
            return False
        with connection:
            found = connection.execute("SHOW data_directory").fetchone()
        return found is not None and Path(found[0]).resolve() == self.data_dir.resolve()

    def ensure_database(self, name: str) -> DatabaseAddress:
        """Create a database when it is missing. The server must be accepting connections."""
        address = self.address(name)
        ensure_database(address)
        return address

    def check_port(self) -> None:
        """Raise OperatorError when another program listens on the port."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                raise OperatorError(
                    f"PostgreSQL cannot listen on port {self.port} of {self.host}: {error.strerror}.",
                    "Stop the program that uses the port, or give this environment another one.",
                ) from None

    def _server_user(self) -> ServerUser:
        return ServerUser.for_paths((self.data_dir, self.binaries.program("postgres")))

    def _password(self) -> str:
        try:
            password = self.password_file.read_text().strip()
        except OSError as error:
            raise OperatorError(
                f"The database password cannot be read from {self.password_file}: {error.strerror}.",
                "Put the password into that file, readable by you alone (0600).",
            ) from None
        if not password:
            raise OperatorError(f"The password file {self.password_file} is empty.", "Put the password in.")
        return password

    def _has_files(self) -> bool:
        return self.data_dir.is_dir() and any(self.data_dir.iterdir())

    def _check_data(self, user: ServerUser) -> None:
        version_file = self.data_dir / "PG_VERSION"
        if not version_file.is_file():
            raise OperatorError(
                f"{self.data_dir} has files in it but is not a PostgreSQL data directory.",
                "Move them away, or choose another folder. Nothing was changed.",
            )
        found, ours = version_file.read_text().strip(), str(self.binaries.major())
        if found != ours:
            raise OperatorError(
                f"{self.data_dir} was made by PostgreSQL {found}; this program brings PostgreSQL {ours}, "
                "which cannot open it.",
                f"Back the data up with PostgreSQL {found} and restore it into a fresh environment. "
                "Nothing was changed.",
            )
        owner = self.data_dir.stat().st_uid
        if owner != user.uid:
            raise OperatorError(
                f"{self.data_dir} belongs to user id {owner}; the server would run as user id {user.uid}.",
                f"Run the console as its owner, or hand it over: chown -R {user.uid} {self.data_dir}",
            )

    def _make_data(self, user: ServerUser) -> None:
        """Make it in a folder beside, with the password in reach of the server's account, then rename."""
        workshop = self.data_dir.with_name(f".{self.data_dir.name}.initialising")
        if workshop.exists():
            shutil.rmtree(workshop)
        workshop.mkdir(mode=0o700)
        try:
            password_copy = self._private_copy(workshop / "password")
            for path in (workshop, password_copy):
                user.give(path)
            self._run_initdb(user, workshop / "data", password_copy)
            (workshop / "data").rename(self.data_dir)
            sync(self.data_dir.parent)
        finally:
            shutil.rmtree(workshop)

    def _private_copy(self, path: Path) -> Path:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(self._password())
        return path

    def _run_initdb(self, user: ServerUser, folder: Path, password_file: Path) -> None:
        command = [
            *user.prefix,
            str(self.binaries.program("initdb")),
            *("--pgdata", str(folder), "--username", self.user, "--pwfile", str(password_file)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
            "--no-instructions",
        ]
        # The current folder may be closed to the server's account, and initdb insists on knowing it.
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode != 0:
            raise OperatorError(
                f"PostgreSQL could not make its data directory {self.data_dir}: "
                + " / ".join(done.stderr.strip().splitlines()[-3:]),
                "Check free space and permissions of the folder. Nothing was left behind.",
            )

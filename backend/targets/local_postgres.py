"""The embedded PostgreSQL of a local stack, under the stack's supervisor."""

import time
from pathlib import Path

from backend.contracts.environment import POSTGRES, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ExitCode, Finding
from backend.database.address import DatabaseAddress, WrongPasswordError
from backend.database.binaries import PostgresBinaries
from backend.database.embedded import EmbeddedPostgres
from backend.home import EnvironmentFolder
from backend.secret_files import SecretFiles
from backend.targets import log_files
from backend.targets.port import Output
from backend.targets.supervisor import Supervisor
from backend.targets.supervisor_files import Program

_START_SECONDS = 60
_PORT_LINE = 3
"""Line of postmaster.pid that has the port, counted from 0."""


class LocalPostgres:
    """Starts and checks the server of one environment."""

    def __init__(self, environment: Environment, folder: EnvironmentFolder, supervisor: Supervisor) -> None:
        self._environment = environment
        self._folder = folder
        self._supervisor = supervisor
        self._secrets = SecretFiles(folder.secrets)

    def ensure_password(self) -> None:
        """Make a password for a server to come; OperatorError when the one of existing data is lost."""
        if self._has_data() and not self._secrets.get("database_password"):
            raise OperatorError(
                f"The database password is lost: {self._password_file()} is missing or empty, and "
                f"the database in {self._folder.postgres} opens only with the password it was made with.",
                "Restore that file (readable by you alone, 0600). Nothing was changed.",
                exit_code=ExitCode.REFUSED,
            )
        self._secrets.ensure("database_password")

    def initialise(self) -> None:
        """Make the data directory when there is none yet."""
        self._server().initialise()

    def program(self) -> Program:
        """The server for the supervisor. Needs `initialise()` first."""
        return Program(
            name=POSTGRES,
            command=self._server().command(),
            folder=self._folder.root,
            log=self._folder.logs / f"{POSTGRES}.log",
            stop_signal="INT",
            stop_seconds=60,
        )

    def start(self, output: Output) -> None:
        """Start it when it does not run, wait until it takes connections, and make the database.

        Raises OperatorError when it does not start, listens on another port than the profile's, or refuses
        the password.
        """
        if self._supervisor.runs(POSTGRES):
            self._check_port()
        else:
            output("postgres", f"starting PostgreSQL on port {self._environment.ports.postgres}")
            self.initialise()
            self._supervisor.put(self.program())
        server = self._server()
        self._wait(server)
        server.ensure_database(self._environment.database)

    def check(self, musicdb: DatabaseAddress) -> Finding:
        """Whether the server runs and takes connections. Looks only."""
        title = "PostgreSQL accessible"
        if not self._supervisor.runs(POSTGRES):
            return Finding(
                key="postgres",
                title=title,
                state=CriterionState.WARNING,
                evidence="not started yet",
                remedy="Nothing to do: the deployment starts it (or start it with: main.py up).",
            )
        try:
            self._check_port()
            with musicdb.connect() as connection:
                version = connection.execute("SHOW server_version").fetchone()
        except OperatorError as error:
            return Finding(
                key="postgres", title=title, state=CriterionState.FAILED,
                evidence=error.message, remedy=error.remedy,
            )  # fmt: skip
        return Finding(
            key="postgres", title=title, state=CriterionState.MET,
            evidence=f"PostgreSQL {version[0] if version else '?'} on port {musicdb.port}",
        )  # fmt: skip

    def _wait(self, server: EmbeddedPostgres) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_accepting(server):
            state = self._supervisor.states().get(POSTGRES)
            if time.monotonic() > deadline or (state is not None and state.state == "FATAL"):
                log = self._folder.logs / f"{POSTGRES}.log"
                raise OperatorError(
                    "PostgreSQL did not start: " + " / ".join(log_files.tail(log, 3)),
                    f"Read {log}; nothing was deployed.",
                )
            time.sleep(0.05)

    def _is_accepting(self, server: EmbeddedPostgres) -> bool:
        try:
            return server.is_accepting()
        except WrongPasswordError as error:
            raise WrongPasswordError(
                error.message,
                f"Put the password that the database was made with into {self._password_file()}. "
                "Nothing was deployed.",
                exit_code=ExitCode.REFUSED,
            ) from None

    def _check_port(self) -> None:
        """A server keeps its port when the profile is changed, until it is restarted."""
        found, wanted = self._running_port(), self._environment.ports.postgres
        if found not in (None, wanted):
            raise OperatorError(
                f"PostgreSQL of this environment listens on port {found}; the profile says {wanted}.",
                "Restart the stack on the profile's ports: main.py down, then main.py up. "
                "Nothing was changed.",
                exit_code=ExitCode.REFUSED,
            )

    def _running_port(self) -> int | None:
        """None before the server has written it; what a server that was killed wrote does not count."""
        if not self._server().is_running():
            return None
        try:
            return int((self._folder.postgres / "postmaster.pid").read_text().splitlines()[_PORT_LINE])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(
            data_dir=self._folder.postgres,
            host=self._environment.host,
            port=self._environment.ports.postgres,
            user=self._environment.database_user,
            password_file=self._password_file(),
            binaries=PostgresBinaries.embedded(),
        )

    def _password_file(self) -> Path:
        return self._secrets.path("database_password")

    def _has_data(self) -> bool:
        return self._folder.postgres.is_dir() and any(self._folder.postgres.iterdir())

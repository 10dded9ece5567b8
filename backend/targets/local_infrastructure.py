"""What a local stack stands on: supervisor, embedded PostgreSQL and the provider simulator."""

import fcntl
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from backend.contracts.environment import POSTGRES, PROVIDER_SIMULATOR, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.database.address import DatabaseAddress
from backend.database.binaries import PostgresBinaries
from backend.database.embedded import EmbeddedPostgres
from backend.home import EnvironmentFolder, make_private_folder
from backend.secret_files import SecretFiles
from backend.targets import log_files
from backend.targets.port import Output
from backend.targets.supervisor import Program, Supervisor

_START_SECONDS = 60


class LocalInfrastructure:
    """Starts and checks the infrastructure of one environment."""

    def __init__(
        self, environment: Environment, folder: EnvironmentFolder, supervisor: Supervisor, source: Path
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._supervisor = supervisor
        self._source = source
        self._secrets = SecretFiles(folder.secrets)

    def prepare(self, output: Output) -> None:
        """Start supervisor, PostgreSQL and simulator, each only when it does not run yet."""
        with self._preparing():
            self._secrets.ensure("database_password")
            self._secrets.ensure("admin_token")
            self._supervisor.start()
            self._start_postgres(output)
            self._start_simulator(output)

    def check(self, musicdb: DatabaseAddress) -> Sequence[Finding]:
        """PostgreSQL and the simulator; cache and broker are parts of this kind of stack."""
        return [
            self._check_postgres(musicdb),
            _built_in("redis", "Cache (Redis)", "in the gateway's own process here, no Redis needed"),
            _built_in("rabbitmq", "Broker (RabbitMQ)", "queues in PostgreSQL here, no RabbitMQ needed"),
            self._check_simulator(),
        ]

    def _log(self, name: str) -> Path:
        return self._folder.logs / f"{name}.log"

    def _postgres(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(
            data_dir=self._folder.postgres,
            host=self._environment.host,
            port=self._environment.ports.postgres,
            user=self._environment.database_user,
            password_file=self._secrets.path("database_password"),
            binaries=PostgresBinaries.embedded(),
        )

    def _start_postgres(self, output: Output) -> None:
        server = self._postgres()
        if not self._runs(POSTGRES):
            output("postgres", f"starting PostgreSQL on port {self._environment.ports.postgres}")
            server.initialise()
            make_private_folder(self._folder.logs)
            self._supervisor.put(
                Program(
                    name=POSTGRES,
                    command=server.command(),
                    folder=self._folder.root,
                    log=self._log(POSTGRES),
                    stop_signal="INT",
                    stop_seconds=60,
                )
            )
        self._wait_for_postgres(server)

    def _wait_for_postgres(self, server: EmbeddedPostgres) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not server.is_accepting():
            state = self._supervisor.states().get(POSTGRES)
            if time.monotonic() > deadline or (state is not None and state.state == "FATAL"):
                raise OperatorError(
                    "PostgreSQL did not start: " + " / ".join(log_files.tail(self._log(POSTGRES), 3)),
                    f"Read {self._log(POSTGRES)}; nothing was deployed.",
                )
            time.sleep(0.05)
        server.ensure_database(self._environment.database)

    def _start_simulator(self, output: Output) -> None:
        if self._runs(PROVIDER_SIMULATOR):
            return
        port = self._environment.ports.simulator
        output("simulator", f"starting the provider simulator on port {port}")
        self._supervisor.put(
            Program(
                name=PROVIDER_SIMULATOR,
                command=[sys.executable, "-m", "backend.sandbox"],
                folder=self._source,
                log=self._log(PROVIDER_SIMULATOR),
                environment={
                    "SONGNODES_HOST": self._environment.host,
                    "SONGNODES_PORT": str(port),
                    "PYTHONUNBUFFERED": "1",
                },
            )
        )

    def _runs(self, name: str) -> bool:
        state = self._supervisor.states().get(name)
        return state is not None and state.state in ("RUNNING", "STARTING")

    def _check_postgres(self, musicdb: DatabaseAddress) -> Finding:
        title = "PostgreSQL accessible"
        if not self._runs(POSTGRES):
            return Finding(
                key="postgres",
                title=title,
                state=CriterionState.WARNING,
                evidence="not started yet",
                remedy="Nothing to do: the deployment starts it (or start it with: main.py up).",
            )
        try:
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

    def _check_simulator(self) -> Finding:
        running = self._runs(PROVIDER_SIMULATOR)
        return Finding(
            key="simulator",
            title="Provider simulator",
            state=CriterionState.MET if running else CriterionState.WARNING,
            evidence="running" if running else "not started yet",
            remedy="" if running else "Nothing to do: the deployment starts it.",
            critical=False,
        )

    @contextmanager
    def _preparing(self) -> Iterator[None]:
        """Let one process at a time bring the infrastructure up."""
        make_private_folder(self._folder.root)
        with (self._folder.root / ".preparing").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def _built_in(key: str, title: str, evidence: str) -> Finding:
    return Finding(key=key, title=title, state=CriterionState.NOT_APPLICABLE, evidence=evidence)

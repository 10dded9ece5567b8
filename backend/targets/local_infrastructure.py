"""What a local stack stands on: supervisor, embedded PostgreSQL and the provider simulator."""

import fcntl
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from backend.contracts.environment import PROVIDER_SIMULATOR, Environment
from backend.contracts.runs import CriterionState, Finding
from backend.database.address import DatabaseAddress
from backend.home import EnvironmentFolder, make_private_folder
from backend.secret_files import SecretFiles
from backend.targets.local_postgres import LocalPostgres
from backend.targets.orphans import Orphans
from backend.targets.port import Output
from backend.targets.supervisor import Supervisor
from backend.targets.supervisor_files import Program

_SIMULATOR_SOURCES = ("backend/sandbox", "backend/services/common", "resources/catalogue")
"""What the simulator runs on, in the source tree."""


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
        self._postgres = LocalPostgres(environment, folder, supervisor)
        self._orphans = Orphans(supervisor)

    def prepare(self, output: Output, services: Callable[[], Sequence[Program]]) -> None:
        """Start supervisor, PostgreSQL and simulator, each only when it does not run as it should.

        A supervisor that has to be started gets `services` too: as the profile wants them now, which may
        have been changed since they were put. What a killed supervisor left running is ended first.
        """
        with self._preparing():
            self._postgres.ensure_password()
            self._secrets.ensure("admin_token")
            make_private_folder(self._folder.logs)
            if not self._supervisor.is_running():
                self._orphans.end(output)
                self._postgres.initialise()
                self._supervisor.start([self._postgres.program(), self._simulator(), *services()])
            self._postgres.start(output)
            self._start_simulator(output)

    def shut_down(self, output: Output) -> None:
        """Stop everything, under the supervisor or left behind by it."""
        if not self._supervisor.config_file.exists():
            output("supervisor", "nothing runs here")
            return
        with self._preparing():
            if self._supervisor.is_running():
                self._supervisor.shut_down()
                output("supervisor", "stopped services, simulator and PostgreSQL")
            elif not self._orphans.end(output):
                output("supervisor", "nothing runs here")

    def check(self, musicdb: DatabaseAddress) -> Sequence[Finding]:
        """PostgreSQL and the simulator; cache and broker are parts of this kind of stack."""
        return [
            self._postgres.check(musicdb),
            _built_in("redis", "Cache (Redis)", "in the gateway's own process here, no Redis needed"),
            _built_in("rabbitmq", "Broker (RabbitMQ)", "queues in PostgreSQL here, no RabbitMQ needed"),
            self._check_simulator(),
        ]

    def _start_simulator(self, output: Output) -> None:
        """Start it, also in place of one that runs on older code, another catalogue or another port."""
        program = self._simulator()
        if self._supervisor.runs(program.name) and self._supervisor.files.has(program):
            return
        port = self._environment.ports.simulator
        output("simulator", f"starting the provider simulator on port {port}")
        self._supervisor.put(program)

    def _simulator(self) -> Program:
        return Program(
            name=PROVIDER_SIMULATOR,
            command=[sys.executable, "-m", "backend.sandbox"],
            folder=self._source,
            log=self._folder.logs / f"{PROVIDER_SIMULATOR}.log",
            environment={
                "SONGNODES_HOST": self._environment.host,
                "SONGNODES_PORT": str(self._environment.ports.simulator),
                "SONGNODES_RELEASE": f"source-{self._simulator_digest()[:12]}",
                "PYTHONUNBUFFERED": "1",
            },
        )

    def _simulator_digest(self) -> str:
        content = hashlib.sha256()
        for folder in _SIMULATOR_SOURCES:
            for path in sorted((self._source / folder).rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    content.update(str(path.relative_to(self._source)).encode() + b"\0" + path.read_bytes())
        return content.hexdigest()

    def _check_simulator(self) -> Finding:
        running = self._supervisor.runs(PROVIDER_SIMULATOR)
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
        """Let one process at a time bring the infrastructure up or down."""
        make_private_folder(self._folder.root)
        with (self._folder.root / ".preparing").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def _built_in(key: str, title: str, evidence: str) -> Finding:
    return Finding(key=key, title=title, state=CriterionState.NOT_APPLICABLE, evidence=evidence)

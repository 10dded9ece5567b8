"""The local target: the stack as processes of this machine, under a supervisor, on an embedded PostgreSQL."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.contracts.environment import (
    POSTGRES,
    PROVIDER_SIMULATOR,
    SERVICES,
    Environment,
)
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Finding
from backend.contracts.stack import ServiceStatus
from backend.database.address import DatabaseAddress
from backend.database.backup import Backups
from backend.database.binaries import PostgresBinaries
from backend.home import EnvironmentFolder
from backend.secret_files import SecretFiles
from backend.targets import host_checks, local_commands, local_rollback_commands, log_files, processes
from backend.targets.deployed import DeployedServices
from backend.targets.local_infrastructure import LocalInfrastructure
from backend.targets.local_status import service_status
from backend.targets.orphans import Orphans
from backend.targets.port import Output, Release
from backend.targets.releases import Releases
from backend.targets.service_environment import OPERATIONS_DATABASE, service_variables
from backend.targets.supervisor import ProcessState, Supervisor
from backend.targets.supervisor_files import Program
from backend.targets.supervisor_log import unexpected_exits


class LocalTarget:
    """One environment of kind `local`. `source` is the source tree that releases are made from."""

    def __init__(self, environment: Environment, folder: EnvironmentFolder, source: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._source = source
        self._supervisor = Supervisor(folder.supervisor)
        self._releases = Releases(folder, source)
        self._deployed = DeployedServices(folder.root / "deployed.json")
        self._secrets = SecretFiles(folder.secrets)
        self._orphans = Orphans(self._supervisor)
        self._infrastructure = LocalInfrastructure(environment, folder, self._supervisor, source)

    @property
    def environment(self) -> Environment:
        """The profile."""
        return self._environment

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of this stack."""
        return self._supervisor

    def check_host(self) -> Sequence[Finding]:
        """Disk, memory, folder and ports."""
        return [
            host_checks.check_writable(self._folder.root),
            host_checks.check_disk(self._folder.root, host_checks.SANDBOX_DISK_BYTES),
            host_checks.check_memory(host_checks.SANDBOX_MEMORY_BYTES),
            *self.check_ports(),
        ]

    def check_ports(self) -> Sequence[Finding]:
        """Whether each port is free or held by this stack."""
        own = {
            self._environment.port(name): processes.listens(state.process_id, self._environment.port(name))
            for name, state in self._states().items()
            if state.process_id is not None
        }
        return list(host_checks.check_ports(self._environment, own))

    def check_infrastructure(self) -> Sequence[Finding]:
        """PostgreSQL and the provider simulator; cache and broker are parts of this kind of stack."""
        return self._infrastructure.check(self.musicdb())

    def prepare(self, output: Output) -> None:
        """Start supervisor, PostgreSQL and simulator, each only when it does not run yet.

        With the supervisor, the services start on the releases they ran last. Raises OperatorError, with
        the exit code for "refused" when the database's password or port is not what the environment says.
        """
        self._infrastructure.prepare(output, self._programs)

    def next_release_id(self) -> str:
        """The name that the next build gets."""
        return self._releases.next_id()

    def build(self, release_id: str, output: Output) -> Release:
        """Make a release from the source tree."""
        return self._releases.build(release_id, output)

    def release(self, release_id: str) -> Release | None:
        """A complete release of that id."""
        return self._releases.get(release_id)

    def start_service(self, service: str, release_id: str, output: Output) -> None:
        """Start `service` from a release, in place of what runs."""
        if self._releases.get(release_id) is None:
            raise OperatorError(
                f"{service} cannot be started: the release {release_id} does not exist.",
                "Deploy again; a deployment builds the release first.",
            )
        if not self._supervisor.is_running():
            self.prepare(output)
        self._deployed.begin(service, release_id)
        self._supervisor.put(self._program(service, release_id))
        self._deployed.put(service, release_id)
        output("supervisor", f"{service}: started from release {release_id}")

    def stop_service(self, service: str, output: Output) -> None:
        """Stop `service` and forget it."""
        if self._supervisor.is_running() and service in self._supervisor.programs():
            self._supervisor.remove(service)
            output("supervisor", f"{service}: stopped")
        self._deployed.remove(service)

    def services(self) -> Sequence[ServiceStatus]:
        """What runs, on process level."""
        states, deployed = self._states(), self._deployed.all()
        exits = unexpected_exits(
            self._supervisor.log_file, {name: entry.since for name, entry in deployed.items()}
        )
        return [
            service_status(self._environment, name, states.get(name), deployed.get(name), exits[name])
            for name in (*SERVICES, POSTGRES, PROVIDER_SIMULATOR)
        ]

    def log_since(self, service: str, position: int | None) -> tuple[Sequence[str], int]:
        """New log lines of a service and the position to ask from next."""
        return log_files.read_since(self._log(service), position)

    def last_log_lines(self, service: str, count: int) -> Sequence[str]:
        """The end of a service's log."""
        return log_files.tail(self._log(service), count)

    def musicdb(self) -> DatabaseAddress:
        """The stack's database."""
        return DatabaseAddress(
            host=self._environment.host,
            port=self._environment.ports.postgres,
            name=self._environment.database,
            user=self._environment.database_user,
            password=self._secrets.get("database_password") or "",
        )

    def operations_database(self) -> DatabaseAddress:
        """The database that survives every rollback."""
        return self.musicdb().with_name(OPERATIONS_DATABASE)

    def backups(self) -> Backups:
        """The folder of database backups."""
        return Backups(self._folder.backups, self.musicdb(), PostgresBinaries.embedded())

    def migrations(self, name: str, release_id: str = "") -> Path:
        """The folder of a set of migrations: the release's own, or the source tree's."""
        return (self._releases.migrations(release_id) or self._source / "resources" / "migrations") / name

    def admin_token(self) -> str:
        """Bearer token of admin and dead-letter calls."""
        return self._secrets.get("admin_token") or ""

    def commands(self, step: str, release_id: str) -> Sequence[str]:
        """The commands a person would type for a step."""
        return local_commands.commands(
            step, self._environment, self._folder, self._supervisor.config_file, release_id
        )

    def rollback_commands(
        self, step: str, services: Mapping[str, str | None], backup: str | None
    ) -> Sequence[str]:
        """The commands a person would type for a step of a rollback."""
        supervisor = self._supervisor.config_file
        return local_rollback_commands.rollback_commands(
            step, self._environment, self._folder, supervisor, services, backup
        )

    def up(self, output: Output) -> None:
        """Start infrastructure and the services on the releases they ran last."""
        self.prepare(output)
        for service, entry in self._deployed.all().items():
            if not self._supervisor.runs(service):
                self.start_service(service, entry.intended, output)

    def down(self, output: Output) -> None:
        """Stop everything; data and the list of what was deployed stay."""
        self._infrastructure.shut_down(output)

    def _states(self) -> Mapping[str, ProcessState]:
        """What runs, under the supervisor or left behind by it."""
        return self._supervisor.states() or self._orphans.states()

    def _programs(self) -> list[Program]:
        """The deployed services; one whose release is gone cannot be started and is left out."""
        deployed = self._deployed.all().items()
        return [self._program(s, e.intended) for s, e in deployed if self._releases.get(e.intended)]

    def _program(self, service: str, release_id: str) -> Program:
        return Program(
            name=service,
            command=self._releases.command(service),
            folder=self._folder.releases / release_id,
            log=self._log(service),
            environment={
                **self._releases.environment(release_id),
                **service_variables(self._environment, service, release_id, self._folder.secrets),
            },
        )

    def _log(self, service: str) -> Path:
        return self._folder.logs / f"{service}.log"

"""The Compose target: the stack as containers, on the engine that the profile names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.contracts.environment import (
    DLQ_MANAGER,
    ENRICHMENT,
    GATEWAY,
    POSTGRES,
    PROVIDER_SIMULATOR,
    SERVICES,
    ComposeSettings,
    Environment,
)
from backend.contracts.runs import Finding
from backend.contracts.stack import ServiceStatus
from backend.database.address import DatabaseAddress
from backend.database.backup import Backups
from backend.home import EnvironmentFolder
from backend.targets import host_checks
from backend.targets.compose import checks, logs, typed_commands
from backend.targets.compose.builder import ImageBuilder
from backend.targets.compose.command import ComposeCommand
from backend.targets.compose.engine import DockerEngine
from backend.targets.compose.infrastructure import ComposeInfrastructure
from backend.targets.compose.names import (
    ALERTMANAGER,
    GRAFANA,
    PROMETHEUS,
    RABBITMQ,
    REDIS,
    RELEASE_VARIABLES,
    WORKER,
)
from backend.targets.compose.programs import ContainerPrograms
from backend.targets.compose.releases import ImageReleases
from backend.targets.compose.settings import StackSettings
from backend.targets.compose.status import service_status
from backend.targets.deployed import DeployedServices
from backend.targets.port import Output, Release
from backend.targets.service_environment import OPERATIONS_DATABASE

_OWN_CONTAINERS = {
    "gateway": GATEWAY,
    "enrichment": ENRICHMENT,
    "dlq_manager": DLQ_MANAGER,
    "postgres": POSTGRES,
    "prometheus": PROMETHEUS,
    "grafana": GRAFANA,
    "alertmanager": ALERTMANAGER,
}


class ComposeTarget:
    """One environment of kind `compose`. `source` is where docker-compose.yml is, unless the profile says."""

    def __init__(self, environment: Environment, folder: EnvironmentFolder, source: Path) -> None:
        self._environment = environment
        self._settings = environment.compose or ComposeSettings()
        self._source = Path(self._settings.folder).expanduser() if self._settings.folder else source
        self._folder = folder
        self._engine = DockerEngine(self._settings)
        self._command = ComposeCommand(self._settings, self._source)
        self._stack = StackSettings(environment, self._source)
        self._releases = ImageReleases(folder, self._engine)
        self._deployed = DeployedServices(folder.root / "deployed.json")
        self._infrastructure = ComposeInfrastructure(environment, self._engine, self._command)

    @property
    def environment(self) -> Environment:
        """The profile."""
        return self._environment

    def check_host(self) -> Sequence[Finding]:
        """Docker, Compose, its file, disk, memory and ports."""
        docker = checks.check_docker(self._engine)
        found = [
            docker,
            checks.check_compose(self._command),
            checks.check_file(self._command, self._source),
            checks.check_place(self._environment, self._source),
            host_checks.check_writable(self._folder.root),
            host_checks.check_disk(self._folder.root, host_checks.DISK_NEEDED_BYTES),
            host_checks.check_memory(host_checks.SANDBOX_MEMORY_BYTES),
        ]
        if docker.remedy:  # without an engine nobody knows whose the ports are
            return found
        return [*found, *self.check_ports(), self._check_drift()]

    def check_ports(self) -> Sequence[Finding]:
        """Whether each published port is free or held by this stack."""
        return list(checks.check_ports(self._environment, self._engine, _OWN_CONTAINERS))

    def check_infrastructure(self) -> Sequence[Finding]:
        """PostgreSQL, Redis and RabbitMQ."""
        return list(self._infrastructure.check(self.musicdb()))

    def prepare(self, output: Output) -> None:
        """Make `.env` and secrets, then start what the services stand on and wait until it is healthy."""
        self._stack.ensure(output)
        if PROVIDER_SIMULATOR in self._infrastructure.parts():
            self._builder().ensure_simulator(output)
        self._infrastructure.start(self.musicdb(), output)

    def next_release_id(self) -> str:
        """The name that the next build gets."""
        return self._releases.next_id()

    def build(self, release_id: str, output: Output) -> Release:
        """Build the images; the ones that run keep a name of their own, so that no pruning takes them."""
        done = self._releases.get(release_id)
        if done is not None:
            return done
        self._stack.ensure(output)
        return self._builder().build(release_id, self.services(), output)

    def release(self, release_id: str) -> Release | None:
        """A complete release of that id."""
        return self._releases.get(release_id)

    def start_service(self, service: str, release_id: str, output: Output) -> None:
        """Start `service` from a release, in place of what runs; with enrichment, its workers."""
        parts = [service, WORKER] if service == ENRICHMENT else [service]
        for part in parts:
            self._releases.ensure_tag(part, release_id, output)
        self._deployed.begin(service, release_id)
        self._put_variables(release_id, parts, output)
        file = self._releases.compose_file(release_id)
        self._command.run(
            ["up", "-d", "--no-deps", "--no-build", "--force-recreate", service], output, file=file
        )
        if service == ENRICHMENT:
            scale = f"{WORKER}={self._settings.workers}"
            self._command.run(
                ["up", "-d", "--no-deps", "--no-build", "--scale", scale, WORKER], output, file=file
            )
        self._deployed.put(service, release_id)
        output("docker", f"{service}: started from release {release_id}")

    def stop_service(self, service: str, output: Output) -> None:
        """Stop `service` after it has finished what it is at; with enrichment, its workers first."""
        parts = [WORKER, service] if service == ENRICHMENT else [service]
        for part in parts:
            if self._engine.containers(self._settings.project, part):
                self._command.run(["stop", part], output)
                self._command.run(["rm", "-f", part], output)
        self._deployed.remove(service)

    def services(self) -> Sequence[ServiceStatus]:
        """What runs, on container level."""
        deployed = self._deployed.all()
        ports = self._environment
        http = (*SERVICES, *([PROVIDER_SIMULATOR] if self._settings.simulated else []))
        published = [
            service_status(
                name, f"{ports.host}:{ports.port(name)}", self._engine.container(name), deployed.get(name)
            )
            for name in (*http, POSTGRES)
        ]
        inside = [self._inside(name) for name in (REDIS, RABBITMQ)]
        return [*published, *inside]

    def log_since(self, service: str, position: int | None) -> tuple[Sequence[str], int]:
        """New log lines of a service and the position to ask from next."""
        return logs.since(self._engine, service, position)

    def last_log_lines(self, service: str, count: int) -> Sequence[str]:
        """The end of a service's log."""
        return logs.last(self._engine, service, count)

    def musicdb(self) -> DatabaseAddress:
        """The stack's database, through the port that the stack publishes."""
        return DatabaseAddress(
            host=self._environment.host,
            port=self._environment.ports.postgres,
            name=self._environment.database,
            user=self._environment.database_user,
            password=self._stack.secrets().get("database_password") or "",
        )

    def operations_database(self) -> DatabaseAddress:
        """The database that survives every rollback."""
        return self.musicdb().with_name(OPERATIONS_DATABASE)

    def backups(self) -> Backups:
        """The folder of database backups; the programs in the database's own container make them."""
        return Backups(self._folder.backups, self.musicdb(), ContainerPrograms(self._command))

    def migrations(self, name: str, release_id: str = "") -> Path:
        """The folder of a set of migrations: the release's own, or the source tree's."""
        return (self._releases.migrations(release_id) or self._source / "resources" / "migrations") / name

    def admin_token(self) -> str:
        """Bearer token of admin and dead-letter calls."""
        return self._stack.secrets().get("admin_token") or ""

    def commands(self, step: str, release_id: str) -> Sequence[str]:  # noqa: ARG002 - the name is in .env
        """The playbook's lines for a step."""
        return typed_commands.commands(step, self._environment)

    def rollback_commands(
        self, step: str, services: Mapping[str, str | None], backup: str | None
    ) -> Sequence[str]:
        """The lines for a step of a rollback."""
        return typed_commands.rollback_commands(step, self._environment, services, backup)

    def up(self, output: Output) -> None:
        """Start infrastructure and the services on the releases they ran last."""
        self.prepare(output)
        running = {status.name for status in self.services() if status.process_id}
        for service, entry in self._deployed.all().items():
            if service not in running:
                self.start_service(service, entry.intended, output)

    def down(self, output: Output) -> None:
        """Stop and remove the containers; volumes and the list of what was deployed stay."""
        self._command.run(["down"], output)

    def _check_drift(self) -> Finding:
        seen = {name: container for name in SERVICES if (container := self._engine.container(name))}
        deployed = {name: entry.intended for name, entry in self._deployed.all().items()}
        made = {name: self._releases.image_of(name, release) for name, release in deployed.items()}
        return checks.check_drift({name: str(one["Image"]) for name, one in seen.items()}, made)

    def _builder(self) -> ImageBuilder:
        return ImageBuilder(self._source, self._settings, self._engine, self._command, self._releases)

    def _inside(self, name: str) -> ServiceStatus:
        """A part that only the other containers reach."""
        return service_status(name, f"{name} (in the stack's network)", self._engine.container(name), None)

    def _put_variables(self, release_id: str, parts: Sequence[str], output: Output) -> None:
        """The environment that the release was made with, on the profile's ports, and the release's name."""
        own = self._releases.own_variables(release_id)
        kept = {n: v for n, v in own.items() if n not in RELEASE_VARIABLES.values()}
        named = {RELEASE_VARIABLES[part]: release_id for part in parts}
        if self._stack.variables.put({**kept, **self._stack.wanted(), **named}):
            output("settings", f"{self._stack.variables.file} names release {release_id}")

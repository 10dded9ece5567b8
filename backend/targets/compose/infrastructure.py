"""What the services stand on: PostgreSQL, Redis, RabbitMQ, the simulator, and what watches the stack."""

import time
from collections.abc import Iterator, Sequence

from backend.contracts.environment import POSTGRES, PROVIDER_SIMULATOR, Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ExitCode, Finding
from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.targets.compose import logs, status
from backend.targets.compose.command import ComposeCommand
from backend.targets.compose.engine import DockerEngine
from backend.targets.compose.names import ALERTMANAGER, GRAFANA, PROMETHEUS, RABBITMQ, REDIS
from backend.targets.port import Output

START_SECONDS = 180.0
"""How long the containers may take until they are healthy; an empty volume is initialised within it."""
_POLL_SECONDS = 0.2
_REQUIRED = (POSTGRES, REDIS, RABBITMQ)
_TITLES = {REDIS: "Redis accessible", RABBITMQ: "RabbitMQ accessible"}


class ComposeInfrastructure:
    """Starts and checks the containers below the services."""

    def __init__(self, environment: Environment, engine: DockerEngine, command: ComposeCommand) -> None:
        self._environment = environment
        self._engine = engine
        self._command = command

    def start(self, address: DatabaseAddress, output: Output) -> None:
        """Start what does not run, wait until it is healthy, and make the databases.

        Raises OperatorError, exit code "refused", when a part does not become healthy or the database
        refuses the password: nothing of the services was touched.
        """
        self._command.run(["up", "-d", "--no-recreate", *self.parts()], output)
        self._wait(output)
        self._check_port(address.port)
        try:
            ensure_database(address)
        except OperatorError as error:
            raise OperatorError(error.message, error.remedy, exit_code=ExitCode.REFUSED) from error

    def parts(self) -> Sequence[str]:
        """Names of what is started: monitoring only where the profile does not name another one."""
        simulator = [PROVIDER_SIMULATOR] if self._simulated() else []
        prometheus = [] if self._environment.prometheus_url else [PROMETHEUS, ALERTMANAGER]
        grafana = [] if self._environment.grafana_url else [GRAFANA]
        return [*_REQUIRED, *simulator, *prometheus, *grafana]

    def check(self, address: DatabaseAddress) -> Iterator[Finding]:
        """Whether PostgreSQL, Redis and RabbitMQ can be used. Looks only."""
        yield self._check_postgres(address)
        for name, title in _TITLES.items():
            yield self._check_container(name, title)

    def _simulated(self) -> bool:
        return self._environment.compose is not None and self._environment.compose.simulated

    def _wait(self, output: Output) -> None:
        deadline = time.monotonic() + START_SECONDS
        for name in _REQUIRED:
            while (said := status.health(self._engine.container(name))) != "healthy":
                if time.monotonic() > deadline:
                    self._give_up(name, said, output)
                time.sleep(_POLL_SECONDS)
            output("docker", f"{name}: healthy")

    def _give_up(self, name: str, said: str, output: Output) -> None:
        lines = logs.last(self._engine, name, 30)
        for line in lines:
            output(name, line)
        last = lines[-1] if lines else "it has written no log"
        raise OperatorError(
            f"{name} did not become healthy within {START_SECONDS:.0f} s ({said or 'not running'}): {last}",
            f"Read its log: docker compose logs {name}. No service was touched.",
            exit_code=ExitCode.REFUSED,
        )

    def _check_port(self, wanted: int) -> None:
        """A container keeps its port when the profile is changed, until it is made anew."""
        found = status.published_ports(self._engine.container(POSTGRES))
        if wanted not in found:
            ports = ", ".join(map(str, sorted(found))) or "none"
            raise OperatorError(
                f"PostgreSQL of this stack is published on port {ports}; the profile says {wanted}.",
                "Restart the stack on the profile's ports: main.py down, then main.py up. "
                "No service was touched.",
                exit_code=ExitCode.REFUSED,
            )

    def _check_postgres(self, address: DatabaseAddress) -> Finding:
        title = "PostgreSQL accessible"
        container = self._engine.container(POSTGRES)
        if container is None or not container["State"]["Running"]:
            return _not_started(POSTGRES, title)
        try:
            with address.connect() as connection:
                version = connection.info.parameter_status("server_version")
        except OperatorError as error:
            return Finding(
                key=POSTGRES, title=title, state=CriterionState.FAILED,
                evidence=error.message, remedy=error.remedy,
            )  # fmt: skip
        evidence = f"PostgreSQL {version or '?'} on port {address.port}"
        return Finding(key=POSTGRES, title=title, state=CriterionState.MET, evidence=evidence)

    def _check_container(self, name: str, title: str) -> Finding:
        container = self._engine.container(name)
        if container is None or not container["State"]["Running"]:
            return _not_started(name, title)
        said = status.health(container) or "no health check"
        good = said == "healthy"
        return Finding(
            key=name,
            title=title,
            state=CriterionState.MET if good else CriterionState.FAILED,
            evidence=f"container {name}: {said}",
            remedy="" if good else f"Read its log: docker compose logs {name}",
        )


def _not_started(key: str, title: str) -> Finding:
    return Finding(
        key=key,
        title=title,
        state=CriterionState.WARNING,
        evidence="not started yet",
        remedy="Nothing to do: the deployment starts it (or start it with: main.py up).",
    )

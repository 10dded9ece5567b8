"""Whether a machine can carry the stack in containers. They look and change nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.version import InvalidVersion, Version

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.targets import host_checks
from backend.targets.compose.command import ComposeCommand
from backend.targets.compose.engine import DockerEngine
from backend.targets.compose.status import published_ports

OLDEST_DOCKER = "20.10"
OLDEST_COMPOSE = "1.29"
"""The oldest versions that the playbook allows."""

COMPOSE_PORTS = ("gateway", "enrichment", "dlq_manager", "postgres", "prometheus", "grafana", "alertmanager")
"""Fields of Ports that the stack publishes."""


def check_docker(engine: DockerEngine) -> Finding:
    """Whether the engine answers and is new enough."""
    title = f"Docker {OLDEST_DOCKER} or newer"
    try:
        version, _ = engine.versions()
    except OperatorError as error:
        return _finding("docker", title, False, error.message, error.remedy)
    good = _at_least(version, OLDEST_DOCKER)
    return _finding("docker", title, good, f"{version} at {engine.address}", "Update Docker there.")


def check_compose(command: ComposeCommand) -> Finding:
    """Whether the Compose command line is there and new enough."""
    title = f"Docker Compose {OLDEST_COMPOSE} or newer"
    try:
        version = command.version()
    except OperatorError as error:
        return _finding("compose", title, False, error.message, error.remedy)
    evidence = f"{version} ({' '.join(command.form)})"
    return _finding("compose", title, _at_least(version, OLDEST_COMPOSE), evidence, "Update Docker Compose.")


def check_file(command: ComposeCommand, folder: Path) -> Finding:
    """Whether Compose accepts docker-compose.yml with the variables there are."""
    title, file = "Docker Compose files validated", folder / "docker-compose.yml"
    if not file.is_file():
        return _finding(
            "compose-file", title, False, f"{file} does not exist", "Set `folder` in the profile."
        )
    try:
        problem = command.problem_of_file()
    except OperatorError as error:
        return _finding("compose-file", title, False, error.message, error.remedy)
    remedy = f"Mend {file} or the .env beside it; see: docker compose config"
    return _finding("compose-file", title, not problem, problem or str(file), remedy)


def check_place(environment: Environment, folder: Path) -> Finding:
    """Whether the files that containers mount are where the engine looks for them."""
    host = environment.compose.docker_host if environment.compose else None
    title = "The stack's files are on the Docker host"
    if host is None or host.startswith("unix://"):
        return _finding("place", title, True, f"this machine: {folder}", "")
    return Finding(
        key="place",
        title=title,
        state=CriterionState.WARNING,
        evidence=f"{host} cannot be asked for that",
        remedy=f"Containers there mount configuration and secrets from {folder}: keep a copy at that very "
        "path on the Docker host.",
        critical=False,
    )


def check_ports(environment: Environment, engine: DockerEngine, own: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each published port is free or held by our container; `own` has the container of each port."""
    for name in COMPOSE_PORTS:
        port = getattr(environment.ports, name)
        if port in published_ports(engine.container(own[name])):
            state, evidence = CriterionState.MET, f"held by the container {own[name]}"
        elif host_checks.is_free(environment.host, port):
            state, evidence = CriterionState.MET, "free"
        else:
            state, evidence = CriterionState.FAILED, "in use by another program"
        remedy = (
            f"Stop the program on port {port} (find it with: ss -ltnp 'sport = :{port}'), or give the "
            f"environment {environment.name} another port in its profile."
        )
        yield Finding(
            key=f"port-{name}",
            title=f"Port {port} for {name.replace('_', '-')}",
            state=state,
            evidence=evidence,
            remedy=remedy if state is CriterionState.FAILED else "",
        )


def check_drift(running: Mapping[str, str], deployed: Mapping[str, str | None]) -> Finding:
    """Whether each service runs the image it was deployed with. Both have image ids by service.

    A service whose image is not known here was started by hand and is not judged.
    """
    known = {name: image for name in running if (image := deployed.get(name)) is not None}
    changed = sorted(name for name, image in known.items() if running[name] != image)
    return Finding(
        key="drift",
        title="What runs is what was deployed",
        state=CriterionState.WARNING if changed else CriterionState.MET,
        evidence=", ".join(f"{name} runs the image {running[name][:19]}" for name in changed)
        or f"image ids of {len(known)} compared",
        remedy="Somebody replaced it by hand; the deployment puts its own release in its place."
        if changed
        else "",
        critical=False,
    )


def _at_least(version: str, oldest: str) -> bool:
    """Debian and others append words to a version, such as 20.10.24+dfsg1."""
    try:
        return Version(version) >= Version(oldest)
    except InvalidVersion:
        return Version(version.partition("+")[0].partition("-")[0].partition("~")[0]) >= Version(oldest)


def _finding(key: str, title: str, good: bool, evidence: str, remedy: str) -> Finding:
    state = CriterionState.MET if good else CriterionState.FAILED
    return Finding(key=key, title=title, state=state, evidence=evidence, remedy="" if good else remedy)

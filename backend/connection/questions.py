"""The connection test of an environment: which questions its kind asks."""

import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from backend.connection.check import Check, Deadline, finding, not_applicable, run_checks
from backend.connection.compose_tool import check_compose
from backend.connection.docker_engine import check_engine
from backend.connection.monitoring import check_monitoring
from backend.connection.stack_checks import check_database, check_services, summed_ports
from backend.contracts.connection import TEST_SECONDS, ConnectionReport
from backend.contracts.environment import ComposeSettings, Environment, TargetKind
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.database.address import DatabaseAddress


class Place(Protocol):
    """What is needed of a target. It may take its time: it is asked away from everybody who waits."""

    def check_ports(self) -> Sequence[Finding]:
        """Whether each port is free or held by the stack."""

    def musicdb(self) -> DatabaseAddress:
        """The stack's database."""

    def admin_token(self) -> str:
        """Bearer token of admin calls."""


PlaceOf = Callable[[Environment], Place]


def connection_test(
    environment: Environment, place: PlaceOf, seconds: float = TEST_SECONDS
) -> Iterator[ConnectionReport]:
    """Reports until everything answered or the time is over. Changes nothing, saved or not."""
    return run_checks(environment.name, _checks(environment, place), Deadline(seconds))


def _checks(environment: Environment, place: PlaceOf) -> list[Check]:
    found = []
    if environment.kind is TargetKind.COMPOSE:
        settings = environment.compose or ComposeSettings()
        found.append(Check("docker", "Docker engine", partial(check_engine, settings)))
        found.append(Check("compose", "Docker Compose", check_compose))
    found.append(Check("ports", "Ports", partial(_ports, environment, place)))
    found.append(Check("database", "Database login", partial(_database, environment, place)))
    found.append(Check("services", "Services", partial(_services, environment, place)))
    for name, url in (("prometheus", environment.prometheus), ("grafana", environment.grafana)):
        if url:
            found.append(Check(name, name.capitalize(), partial(check_monitoring, name, url)))
    return found


def _ports(environment: Environment, place: PlaceOf, _deadline: Deadline) -> Sequence[Finding]:
    if not _is_here(environment.host):
        elsewhere = f"{environment.host} is another machine: its ports cannot be seen from here"
        return [not_applicable("ports", "Ports", elsewhere)]
    try:
        return summed_ports(place(environment).check_ports())
    except OperatorError as error:
        return [finding("ports", "Ports", CriterionState.UNKNOWN, error.message, error.remedy)]


def _is_here(host: str) -> bool:
    """Whether the host is an address of this machine: only then a port can be tried."""
    try:
        socket.create_server((host, 0)).close()
    except OSError:
        return False
    return True


def _database(environment: Environment, place: PlaceOf, deadline: Deadline) -> Sequence[Finding]:
    return check_database(place(environment).musicdb(), deadline)


def _services(environment: Environment, place: PlaceOf, deadline: Deadline) -> Sequence[Finding]:
    return check_services(environment, place(environment).admin_token(), deadline)

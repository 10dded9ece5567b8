"""What runs at an environment's addresses: ports, database, services, token."""

from collections.abc import Sequence

from backend.clients.services import ServiceClient
from backend.connection.check import Deadline, failed, finding, met, not_applicable
from backend.contracts.environment import DLQ_MANAGER, SERVICES, Environment
from backend.contracts.runs import CriterionState, Finding
from backend.database.address import (
    DatabaseAddress,
    DatabaseMissingError,
    DatabaseUnreachableError,
    WrongPasswordError,
)

_REFUSED = (401, 403)


def summed_ports(found: Sequence[Finding]) -> Sequence[Finding]:
    """One line when all ports are free or ours, else a line for each that is not."""
    ports = [one for one in found if one.key.startswith("port-")]
    taken = [one for one in ports if one.state is not CriterionState.MET]
    if taken:
        return taken
    if not ports:
        return [not_applicable("ports", "Ports", "it has none")]
    ours = sum(one.evidence != "free" for one in ports)
    words = [f"{len(ports) - ours} free"] if ours < len(ports) else []
    words += [f"{ours} held by this stack"] if ours else []
    return [met("ports", "Ports", ", ".join(words))]


def check_database(address: DatabaseAddress, deadline: Deadline) -> Sequence[Finding]:
    """Log in and ask for the version."""
    key, title = "database", "Database login"
    try:
        timeout = max(2, int(deadline.left(5)))
        with address.connect(autocommit=True, connect_timeout=timeout) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except WrongPasswordError as error:
        return [failed(key, title, error.message, error.remedy)]
    except DatabaseMissingError as error:
        return [finding(key, title, CriterionState.WARNING, error.message, error.remedy)]
    except DatabaseUnreachableError as error:
        return [finding(key, title, CriterionState.WARNING, error.message, error.remedy)]
    return [
        met(
            key,
            title,
            f"{address.user} on {address.host}:{address.port}, PostgreSQL {row[0] if row else '?'}",
        )
    ]


def check_services(environment: Environment, token: str, deadline: Deadline) -> Sequence[Finding]:
    """Ask each service for its health, then one of them whether it takes the token."""
    with ServiceClient(environment, token, deadline.left(3)) as client:
        found = [_health(environment, client, name) for name in SERVICES]
        silent = all(one.state is CriterionState.NOT_APPLICABLE for one in found)
        if silent:
            where = f"none answers on {environment.host}: the stack does not run, or not there"
            nothing = not_applicable("services", "Services", where)
            return [nothing, not_applicable("token", "Token", "there is nobody to show it to")]
        return [*found, _token(client, token)]


def _health(environment: Environment, client: ServiceClient, name: str) -> Finding:
    answer = client.health(name)
    key = f"service-{name}"
    if not answer.error:
        state = CriterionState.MET if answer.ok else CriterionState.WARNING
        return finding(key, name, state, f"{answer.value('status')} in {answer.milliseconds:.0f} ms")
    if answer.error.startswith("another program"):
        return failed(key, name, answer.error, "Correct the port, or stop that program.")
    evidence = f"does not answer on {environment.url(name)}"
    return not_applicable(key, name, evidence)


def _token(client: ServiceClient, token: str) -> Finding:
    key, title = "token", "Token"
    if not token:
        return not_applicable(key, title, "none yet; the first deployment makes one")
    answer = client.get(DLQ_MANAGER, "/dlq/meter", authorised=True)
    if answer.status in _REFUSED:
        return failed(
            key, title, f"{DLQ_MANAGER} refuses it", "The stack was deployed from elsewhere: copy its token."
        )
    if answer.error:
        return not_applicable(key, title, f"{DLQ_MANAGER} does not answer")
    return met(key, title, "accepted")

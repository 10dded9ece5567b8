"""The comprehensive health check: infrastructure, services, circuit breakers, dead letters."""

import time
from collections.abc import Callable, Mapping, Sequence

from backend.clients.services import Answer, ServiceClient
from backend.contracts.environment import GATEWAY, SERVICES
from backend.contracts.runs import CriterionState, Finding
from backend.deployment.checks import blocking, finding
from backend.deployment.checks.schema import SCHEMA, check_schema
from backend.targets.port import Target

Report = Callable[[Sequence[Finding]], None]
ALIASES: Mapping[str, str] = {"api-gateway": GATEWAY}
POLL_SECONDS = 0.5


def check(target: Target, client: ServiceClient, service: str | None = None) -> list[Finding]:
    """Look once. With `service`, only at that service or part of the infrastructure."""
    infrastructure = [_required(f) for f in target.check_infrastructure()]
    if service is not None:
        wanted = ALIASES.get(service, service)
        parts = [*infrastructure, *([check_schema(target)] if wanted == SCHEMA else [])]
        found = [f for f in parts if f.key == wanted]
        return found or [check_service(client, wanted, releases(target).get(wanted, ""))]
    known = releases(target)
    services = [check_service(client, name, known.get(name, "")) for name in SERVICES]
    last = (check_breakers(client), check_dead_letters(client))
    return [*infrastructure, check_schema(target), *services, *last]


def releases(target: Target) -> Mapping[str, str]:
    """The release that each service was started from, for those of which it is known."""
    return {status.name: status.release for status in target.services() if status.release}


def known_services(target: Target) -> list[str]:
    """What `--service` accepts."""
    return [*(f.key for f in target.check_infrastructure()), SCHEMA, *SERVICES, *ALIASES]


def wait(
    look: Callable[[], list[Finding]],
    seconds: float,
    report: Report,
    goes_on: Callable[[], bool] | None = None,
) -> list[Finding]:
    """Look until nothing critical fails or the time is up; `report` gets every look."""
    deadline = time.monotonic() + seconds
    while True:
        findings = look()
        report(findings)
        expired = time.monotonic() > deadline or (goes_on is not None and not goes_on())
        if expired or not blocking(findings):
            return findings
        time.sleep(POLL_SECONDS)


def check_service(client: ServiceClient, service: str, release: str = "") -> Finding:
    """Whether the service, and no other program or release, answers that it is healthy."""
    return judge_service(client.health(service, release), service)


def judge_service(answer: Answer, service: str) -> Finding:
    """What an answer of `/health` says of the service."""
    status = answer.value("status")
    title = f"{service} healthy"
    if answer.ok and status == "degraded":
        return Finding(
            key=service,
            title=title,
            state=CriterionState.FAILED,
            evidence=f"degraded: {_connections(answer)}",
            remedy=f"Read the log of {service} and its connections.",
        )
    return finding(
        service,
        title,
        answer.ok and status == "healthy",
        _evidence(answer, status),
        f"Read the log of {service}; start the stack with main.py up if it is stopped.",
    )


def check_breakers(client: ServiceClient) -> Finding:
    """Whether every circuit breaker is closed."""
    answer = client.health(GATEWAY)
    clients = answer.value("api_clients")
    title = "No circuit breaker open"
    if not isinstance(clients, Mapping):
        return Finding(
            key="breakers",
            title=title,
            state=CriterionState.UNKNOWN,
            evidence=f"the gateway did not tell: {answer.sentence()}",
            remedy="Mend the gateway first.",
        )
    states = {name: entry["circuit_breaker"]["state"] for name, entry in clients.items()}
    not_closed = [f"{name} {state}" for name, state in states.items() if state != "closed"]
    return finding(
        "breakers",
        title,
        not any(state == "open" for state in states.values()),
        ", ".join(not_closed) or f"{len(states)} of {len(states)} closed",
        "Check the provider's credentials and limits; an open breaker tries again by itself.",
    )


def check_dead_letters(client: ServiceClient) -> Finding:
    """How many dead letters wait; a warning, because a full queue is not an unhealthy stack."""
    answer = client.dead_letter_stats()
    pending = answer.value("total_pending")
    if not isinstance(pending, int):
        return Finding(
            key="dead-letters",
            title="Dead letters",
            state=CriterionState.UNKNOWN,
            evidence=f"the DLQ manager did not tell: {answer.sentence()}",
            critical=False,
        )
    state = CriterionState.WARNING if pending else CriterionState.MET
    return Finding(
        key="dead-letters", title="Dead letters", state=state, evidence=f"{pending} waiting", critical=False
    )


def _required(found: Finding) -> Finding:
    """In validation a server that is not started is a warning; in a health check it is a failure."""
    if found.state is not CriterionState.WARNING:
        return found
    changes = {"state": CriterionState.FAILED, "remedy": "Start the stack with: main.py up"}
    return found.model_copy(update=changes)


def _evidence(answer: Answer, status: object) -> str:
    if answer.error:
        return answer.error
    return f"{status or 'no status'} ({answer.sentence()})"


def _connections(answer: Answer) -> str:
    connections = answer.value("connections")
    if not isinstance(connections, Mapping):
        return "it does not say why"
    bad = [f"{name}: {state}" for name, state in connections.items() if state not in ("healthy", "connected")]
    return ", ".join(bad) or "it does not say why"

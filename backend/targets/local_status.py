"""Turns what the supervisor says of a process into a service's status."""

from backend.contracts.environment import Environment
from backend.contracts.stack import ServiceState, ServiceStatus
from backend.targets.deployed import Deployed
from backend.targets.supervisor import ProcessState

_STATES = {
    "STARTING": ServiceState.STARTING,
    "RUNNING": ServiceState.UNKNOWN,  # it runs; whether it is healthy is asked over HTTP
    "BACKOFF": ServiceState.CRASHED,
    "FATAL": ServiceState.CRASHED,
    "EXITED": ServiceState.CRASHED,
    "STOPPING": ServiceState.STOPPED,
    "STOPPED": ServiceState.STOPPED,
    "UNKNOWN": ServiceState.UNKNOWN,
}


def service_status(
    environment: Environment,
    name: str,
    process: ProcessState | None,
    deployed: Deployed | None,
    restarts: int,
) -> ServiceStatus:
    """The status of a service on process level; `restarts` are those that nobody asked for."""
    release = deployed.release if deployed else ""
    address = f"{environment.host}:{environment.port(name)}"
    if process is None:
        return ServiceStatus(name=name, state=ServiceState.STOPPED, release=release, address=address)
    return ServiceStatus(
        name=name,
        state=_STATES[process.state],
        release=release,
        address=address,
        process_id=process.process_id,
        started_at=process.started_at,
        restarts=restarts,
        detail=process.explanation,
    )

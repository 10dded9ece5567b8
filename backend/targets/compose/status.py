"""Turns what Docker says of a container into a service's status."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.contracts.stack import ServiceState, ServiceStatus
from backend.targets.deployed import Deployed

_FRACTION = re.compile(r"\.(\d{1,6})\d*")


def service_status(
    name: str, address: str, container: Mapping[str, Any] | None, deployed: Deployed | None
) -> ServiceStatus:
    """The status on container level; a state that only the service's own health tells stays unknown.

    The release is the one that was started here last, else the tag of the image that runs: a stack that
    was started by hand has no other name for it.
    """
    if container is None:
        release = deployed.release if deployed else ""
        return ServiceStatus(name=name, state=ServiceState.STOPPED, release=release, address=address)
    state = container["State"]
    process = int(state.get("Pid") or 0) or None
    return ServiceStatus(
        name=name,
        state=_state(state),
        release=deployed.release if deployed else _tag(container),
        address=address,
        process_id=process if state.get("Running") and not state.get("Restarting") else None,
        started_at=moment(state.get("StartedAt", "")),
        restarts=int(container.get("RestartCount") or 0),
        detail=_detail(state),
    )


def moment(text: str) -> datetime | None:
    """A time as Docker writes it, which may have nine digits of a second; None for "never"."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(_FRACTION.sub(lambda match: "." + match[1].ljust(6, "0"), text))


def health(container: Mapping[str, Any] | None) -> str:
    """`healthy`, `unhealthy` or `starting` as the container's own check says; empty without a check."""
    if container is None:
        return ""
    return str((container["State"].get("Health") or {}).get("Status", ""))


def published_ports(container: Mapping[str, Any] | None) -> frozenset[int]:
    """The host's ports that a running container listens on."""
    if container is None or not container["State"]["Running"]:
        return frozenset()
    published = (container["NetworkSettings"].get("Ports") or {}).values()
    return frozenset(int(entry["HostPort"]) for entries in published for entry in entries or ())


def _state(state: Mapping[str, Any]) -> ServiceState:
    if state.get("Restarting") or state.get("OOMKilled"):
        return ServiceState.CRASHED
    if state.get("Running"):
        return _by_health(str((state.get("Health") or {}).get("Status", "")))
    if state.get("Status") == "created":
        return ServiceState.STARTING
    return ServiceState.STOPPED if state.get("ExitCode") in (0, 137, 143) else ServiceState.CRASHED


def _by_health(said: str) -> ServiceState:
    return {
        "healthy": ServiceState.HEALTHY,
        "unhealthy": ServiceState.DEGRADED,
        "starting": ServiceState.STARTING,
    }.get(said, ServiceState.UNKNOWN)


def _detail(state: Mapping[str, Any]) -> str:
    if state.get("OOMKilled"):
        return "ended by the kernel: it used more memory than its limit"
    if state.get("Error"):
        return str(state["Error"])
    if state.get("Running") and not state.get("Restarting"):
        return str((state.get("Health") or {}).get("Status", ""))
    return f"ended with code {state.get('ExitCode')}"


def _tag(container: Mapping[str, Any]) -> str:
    image = str(container["Config"]["Image"])
    return image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else "latest"

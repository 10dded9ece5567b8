"""Checks of the machine itself, before anything is started. They look and change nothing."""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from backend.contracts.environment import Environment
from backend.contracts.runs import CriterionState, Finding

DISK_NEEDED_BYTES = 10 * 10**9
"""Free disk that the playbook asks for."""
MEMORY_NEEDED_BYTES = 8 * 10**9
"""Available memory that the playbook asks for."""
SANDBOX_DISK_BYTES = 2 * 10**9
"""Least free disk for a practice stack: database, releases and a backup with its proof."""
SANDBOX_MEMORY_BYTES = 10**9


def existing_parent(path: Path) -> Path:
    """The nearest folder above `path`, or itself, that exists."""
    while not path.exists():
        path = path.parent
    return path


def check_disk(folder: Path, needed: int) -> Finding:
    """Whether the file system below `folder` has `needed` bytes free; below the playbook's 10 GB it warns."""
    free = shutil.disk_usage(existing_parent(folder)).free
    evidence = f"{free / 1e9:.1f} GB free"
    if free < needed:
        return Finding(
            key="disk",
            title=f"At least {needed / 1e9:.0f} GB of free disk",
            state=CriterionState.FAILED,
            evidence=evidence,
            remedy=f"Free some space on the disk of {folder}, or set SONGNODES_HOME to a larger disk.",
        )
    state = CriterionState.MET if free >= DISK_NEEDED_BYTES else CriterionState.WARNING
    return Finding(key="disk", title="Free disk (playbook: 10 GB)", state=state, evidence=evidence)


def check_memory(needed: int) -> Finding:
    """Whether `needed` bytes of memory are available; below the playbook's 8 GB it warns."""
    available = _available_memory()
    if available is None:
        return Finding(
            key="memory",
            title="Available memory (playbook: 8 GB)",
            state=CriterionState.UNKNOWN,
            evidence="this system does not tell",
            critical=False,
        )
    state = CriterionState.MET if available >= MEMORY_NEEDED_BYTES else CriterionState.WARNING
    if available < needed:
        state = CriterionState.FAILED
    return Finding(
        key="memory",
        title="Available memory (playbook: 8 GB)",
        state=state,
        evidence=f"{available / 1e9:.1f} GB available",
        remedy="Close other programs." if state is CriterionState.FAILED else "",
    )


LOCAL_PORTS = ("gateway", "enrichment", "dlq_manager", "postgres", "simulator")
"""The ports that a local stack listens on."""


def check_ports(environment: Environment, own: Mapping[int, bool | None]) -> Iterator[Finding]:
    """Whether each port of a local stack is free, or held by this stack.

    `own` has the ports of our services that run: True when the service listens there, False when it
    does not, None when this system does not tell.
    """
    for name in LOCAL_PORTS:
        port = getattr(environment.ports, name)
        state, evidence = _port_state(environment.host, port, own)
        remedy = (
            f"Stop the program on port {port} (find it with: ss -ltnp 'sport = :{port}'), or give "
            f"the environment {environment.name} another port in its profile."
        )
        yield Finding(
            key=f"port-{name}",
            title=f"Port {port} for {name.replace('_', '-')}",
            state=state,
            evidence=evidence,
            remedy=remedy if state is CriterionState.FAILED else "",
        )


def check_writable(folder: Path) -> Finding:
    """Whether the environment's folder can be made and written."""
    parent = existing_parent(folder)
    writable = os.access(parent, os.W_OK | os.X_OK)
    return Finding(
        key="home",
        title="Folder for data",
        state=CriterionState.MET if writable else CriterionState.FAILED,
        evidence=str(folder),
        remedy="" if writable else f"{parent} cannot be written. Set SONGNODES_HOME to a folder of yours.",
    )


def _port_state(host: str, port: int, own: Mapping[int, bool | None]) -> tuple[CriterionState, str]:
    if own.get(port):
        return CriterionState.MET, "held by this stack"
    if is_free(host, port):
        return CriterionState.MET, "free"
    if port not in own:
        return CriterionState.FAILED, "in use by another program"
    if own[port] is None:
        return CriterionState.MET, "in use; our service of that name runs"
    return CriterionState.FAILED, "in use by another program; our service of that name runs, but not there"


def is_free(host: str, port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _available_memory() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except FileNotFoundError:
        return None
    values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith("kB")}
    return values.get("MemAvailable")

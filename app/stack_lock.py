"""The deployment lock as `up` and `down` hold it: for as long as they start or stop things."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from backend.database.address import DatabaseUnreachableError
from backend.database.lock import DeploymentLock
from backend.deployment.launcher import operator_name
from backend.targets.port import Target


def can_be_locked(target: Target) -> bool:
    """Whether the server that the lock lives in answers. While it does not, nobody holds the lock."""
    try:
        DeploymentLock(target.operations_database()).holder()
    except DatabaseUnreachableError:
        return False
    return True


@contextmanager
def locked(target: Target, command: str) -> Iterator[None]:
    """Hold the lock for `command`. Raises LockHeldError when a deployment or another command has it.

    The server may be stopped inside: the lock ends with it.
    """
    lock = DeploymentLock(target.operations_database())
    with lock.acquire(operator=operator_name(), host=socket.gethostname(), run="", reason=command):
        yield

"""Whether a run's runner process lives.

A runner holds an exclusive `flock` on a file of its run. The kernel lets go of it the moment the
process dies, kill -9 included, so nobody has to wait for a heartbeat to run out.
"""

import fcntl
import os
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import make_private_folder


class RunnerAliveError(Exception):
    """A runner already works on the run."""


def take(folder: Path) -> int:
    """Hold the run's lock; the file descriptor that holds it.

    Hand the descriptor to the runner with `pass_fds`: the lock then belongs to both until each closes it.
    Raises RunnerAliveError when a runner has it, OperatorError when the folder cannot be written.
    """
    descriptor = _open_to_hold(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise RunnerAliveError(str(folder)) from error
    return descriptor


def _open_to_hold(folder: Path) -> int:
    try:
        make_private_folder(folder)
        return os.open(folder / "runner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperatorError(
            f"The run's folder {folder} cannot be written: {error.strerror}. Nothing was started.",
            "Free some space or mend the folder's permissions, or set SONGNODES_HOME to another folder.",
            exit_code=ExitCode.REFUSED,
        ) from error


def is_alive(folder: Path) -> bool:
    """Whether some process holds the run's lock."""
    try:
        descriptor = os.open(folder / "runner.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)

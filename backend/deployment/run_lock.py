"""The deployment lock as one run holds it: through the loss of its connection, but never through a rival."""

import time

from backend.contracts.runs import Run
from backend.database.address import DatabaseAddress, DatabaseUnreachableError
from backend.database.lock import (
    DeploymentLock,
    LockConnectionLostError,
    LockHandle,
    LockHeldError,
    LockLostError,
)

SERVER_SECONDS = 30.0
"""How long a database server that was killed may take to come back."""
_POLL_SECONDS = 0.2


class RunLock:
    """Holds the lock for a run. `address` is that of the environment's operations database."""

    def __init__(self, address: DatabaseAddress, run: Run, *, server_seconds: float = SERVER_SECONDS) -> None:
        self._address = address
        self._run = run
        self._server_seconds = server_seconds
        self._handle: LockHandle | None = None
        self._lost: LockLostError | None = None

    def acquire(self) -> None:
        """Take the lock. Raises LockHeldError, and OperatorError when the database does not answer."""
        run = self._run
        self._handle = DeploymentLock(self._address).acquire(
            operator=run.operator, host=run.host, run=run.id, reason=run.reason
        )

    def check(self) -> None:
        """Raise LockLostError unless the lock is ours, and was ours all the time.

        When only its connection is gone (the server was restarted) it is taken once more; a fencing number
        that somebody took in between shows that the environment may be another one now.
        """
        if self._lost is not None:
            raise self._lost
        if self._handle is None:
            raise LockLostError("The deployment lock was never taken.", "Start the run again.")
        try:
            self._check(self._handle)
        except LockLostError as error:
            self._lost = error  # for good: having it again would not undo what others did meanwhile
            raise

    def release(self) -> None:
        """Give the lock back. May be called twice."""
        if self._handle is not None:
            self._handle.release()

    def _check(self, handle: LockHandle) -> None:
        try:
            handle.check()
        except LockConnectionLostError as error:
            self._take_again(handle.fencing, error)

    def _take_again(self, fencing: int, cause: LockConnectionLostError) -> None:
        self.release()
        try:
            self._acquire_when_server_answers()
        except LockHeldError as error:
            raise LockLostError(f"{cause.message}. {error.message}", error.remedy) from error
        except DatabaseUnreachableError as error:
            raise LockLostError(cause.message, error.message) from error
        if self._handle is not None and self._handle.fencing != fencing + 1:
            raise LockLostError(
                f"{cause.message}. Another run took the lock meanwhile and has ended.",
                "See in the list of runs what it did, then deploy again or roll back.",
            ) from cause

    def _acquire_when_server_answers(self) -> None:
        deadline = time.monotonic() + self._server_seconds
        while True:
            try:
                return self.acquire()
            except DatabaseUnreachableError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_POLL_SECONDS)

"""The lock that lets one deployment or rollback at a time work on an environment.

It lives in the target's operations database, not on the operator's machine. Who holds it is decided by a
session advisory lock, which ends with the holder's connection; a readable row beside it says who, why and
since when. Each holder gets a higher fencing number, so that one who lost the lock without noticing (a
frozen machine, a cut connection) finds out before changing anything.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

import psycopg

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.stack import LockHolder
from backend.database.address import DatabaseAddress, DatabaseMissingError
from backend.database.advisory_lock import poll_advisory_lock
from backend.database.databases import ensure_database

_KEY = 0x534E5F4C4F434B01
HEARTBEAT_SECONDS = 5.0
_UNSIGNED_SECONDS = 2.0
STALE_SECONDS = 60.0
"""A holder silent for longer is pointed out. It is not robbed: its session may still be changing things."""

_TABLE = """
CREATE SCHEMA IF NOT EXISTS deployment;
CREATE TABLE IF NOT EXISTS deployment.lock (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    fencing bigint NOT NULL,
    operator text NOT NULL,
    host text NOT NULL,
    run text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    heartbeat timestamptz NOT NULL,
    pid integer,
    session_start timestamptz
);
"""

_TAKE = """
INSERT INTO deployment.lock AS held
    (fencing, operator, host, run, reason, since, heartbeat, pid, session_start)
SELECT 1, %s, %s, %s, %s, clock_timestamp(), clock_timestamp(), pid, backend_start
FROM pg_stat_activity WHERE pid = pg_backend_pid()
ON CONFLICT (id) DO UPDATE SET
    fencing = held.fencing + 1, operator = excluded.operator, host = excluded.host, run = excluded.run,
    reason = excluded.reason, since = excluded.since, heartbeat = excluded.heartbeat, pid = excluded.pid,
    session_start = excluded.session_start
RETURNING fencing
"""

# The row speaks only for the session that has the advisory lock now; a dead holder's row counts for nothing.
_HOLDER = """
SELECT held.operator, held.host, held.run, held.reason, held.since, held.heartbeat
FROM deployment.lock held
JOIN pg_stat_activity session
  ON session.pid = held.pid AND session.backend_start = held.session_start
JOIN pg_locks lock
  ON lock.pid = held.pid AND lock.locktype = 'advisory' AND lock.granted AND lock.objsubid = 1
WHERE lock.classid = (%(key)s::bigint >> 32)::oid AND lock.objid = (%(key)s::bigint & 4294967295)::oid
"""


class LockHeldError(OperatorError):
    """Somebody else is deploying or rolling back. Nothing was changed."""

    def __init__(self, holder: LockHolder) -> None:
        since = holder.since.astimezone(UTC)
        silence = (datetime.now(UTC) - (holder.heartbeat or since)).total_seconds()
        stale = f" It has shown no sign of life for {silence:.0f} s." if silence > STALE_SECONDS else ""
        super().__init__(
            f"The environment is locked by {holder.operator} on {holder.host or 'an unknown host'}: "
            f"{_work(holder)}, since {since:%Y-%m-%d %H:%M:%S} UTC.{stale} Nothing was changed.",
            "Wait until that has ended, or talk to its operator. The lock ends with the process that has it.",
            exit_code=ExitCode.LOCKED,
        )
        self.holder = holder


def _work(holder: LockHolder) -> str:
    """What the lock is held for: a run, a command that is no run, or not said yet."""
    if holder.run:
        return f'run {holder.run} ("{holder.reason}")' if holder.reason else f"run {holder.run}"
    return holder.reason or "a run that is just starting"


class LockLostError(OperatorError):
    """The lock is no longer ours, so nothing more may be changed."""


class LockConnectionLostError(LockLostError):
    """The session that held the lock has ended; whether anybody took the lock since is not known."""


class LockHandle:
    """A lock that is held until `release`, or until this process ends."""

    def __init__(self, connection: psycopg.Connection, fencing: int) -> None:
        self._connection = connection
        self._fencing = fencing
        self._released = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="deployment-lock-heartbeat", daemon=True)

    @property
    def fencing(self) -> int:
        """This holder's number; every later holder has a higher one."""
        return self._fencing

    def check(self) -> None:
        """Raise LockLostError unless the lock is still ours. To be called before every change."""
        try:
            row = self._connection.execute("SELECT fencing FROM deployment.lock").fetchone()
        except psycopg.Error as error:
            raise LockConnectionLostError(
                f"The connection that held the deployment lock is gone: {' '.join(str(error).split())}",
                "Somebody else may be deploying now. See who does, then resume this run or roll it back.",
            ) from error
        if row is None or row[0] != self._fencing:
            raise LockLostError(
                "Another run has taken the deployment lock over.",
                "This run changed nothing more. Resume it or roll it back when the other one has ended.",
            )

    def release(self) -> None:
        """Give the lock back. May be called twice."""
        self._released.set()
        if self._heart.ident is not None:
            self._heart.join(timeout=HEARTBEAT_SECONDS)
        if self._connection.closed:
            return
        try:
            self._connection.execute(
                "UPDATE deployment.lock SET pid = NULL, session_start = NULL WHERE fencing = %s",
                (self._fencing,),
            )
            # Said, and not left to the session's end, which comes a moment after `close`.
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (_KEY,))
        except psycopg.OperationalError:
            # The session is gone, and with it the advisory lock: released already.
            return
        finally:
            self._connection.close()

    def __enter__(self) -> "LockHandle":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def start_heartbeat(self) -> None:
        """Show every few seconds that the holder is alive."""
        self._heart.start()

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS):
            try:
                self._connection.execute(
                    "UPDATE deployment.lock SET heartbeat = clock_timestamp() WHERE fencing = %s",
                    (self._fencing,),
                )
            except psycopg.Error:
                return  # the next `check` says so to the run


@dataclass(frozen=True)
class DeploymentLock:
    """The lock of the environment whose operations database is at `address`."""

    address: DatabaseAddress

    def acquire(
        self, *, operator: str, host: str, run: str, reason: str = "", wait_seconds: float = 0.0
    ) -> LockHandle:
        """Take the lock, waiting up to `wait_seconds` for its holder to end.

        Creates database and table when they are missing. Raises LockHeldError with the holder.
        """
        ensure_database(self.address)
        connection = self.address.connect(autocommit=True, application_name="songnodes-deployment-lock")
        try:
            self._wait(connection, wait_seconds)
            connection.execute(_TABLE.encode())
            row = connection.execute(_TAKE.encode(), (operator, host, run, reason)).fetchone()
        except BaseException:
            connection.close()
            raise
        handle = LockHandle(connection, int(row[0]) if row else 0)
        handle.start_heartbeat()
        return handle

    def holder(self) -> LockHolder | None:
        """Who holds the lock now; None when nobody does. Changes nothing.

        Raises DatabaseUnreachableError when the server does not answer.
        """
        try:
            connection = self.address.connect(autocommit=True)
        except DatabaseMissingError:
            return None
        with connection:
            known = connection.execute("SELECT to_regclass('deployment.lock') IS NOT NULL").fetchone()
            if known is None or not known[0]:
                return None
            row = connection.execute(_HOLDER.encode(), {"key": _KEY}).fetchone()
        if row is None:
            return None
        operator, host, run, reason, since, heartbeat = row
        return LockHolder(
            operator=operator, host=host, run=run, reason=reason, since=since, heartbeat=heartbeat
        )

    def _wait(self, connection: psycopg.Connection, seconds: float) -> None:
        # The server ends the session, and so the lock, within a minute of its holder's machine dying.
        for name, value in (("idle", 15), ("interval", 10), ("count", 3)):
            connection.execute(f"SET tcp_keepalives_{name} = {value}".encode())
        if poll_advisory_lock(connection, _KEY, seconds):
            return
        holder = self.holder()
        # Nobody has signed: its holder took it this very moment, or has died and its session is just ending.
        if holder is None and poll_advisory_lock(connection, _KEY, _UNSIGNED_SECONDS):
            return
        raise LockHeldError(holder or self.holder() or _unsigned())


def _unsigned() -> LockHolder:
    return LockHolder(operator="somebody", host="", run="", reason="", since=datetime.now(UTC))

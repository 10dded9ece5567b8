"""One file, one transaction: tried with a short lock timeout, and again, until a budget is spent.

A statement that waits for a lock makes everybody behind it wait too. So a try gives up after
`lock_timeout` (pgroll's 500 ms), steps aside, and comes back after a random pause.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress
from backend.database.migrations.blockers import Blocker, BlockerWatch, describe

Progress = Callable[[str], None]
Work = Callable[[psycopg.Connection], None]

RETRIED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
"""What a later try may get past."""
_TRANSACTION_KEY = 0x534E5F4D4947_02
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Patience:
    """How long a migration waits for locks."""

    lock_timeout_ms: int = 500
    """Longest wait of one try, and so the longest wait that it imposes on others."""
    budget_seconds: float = 300.0
    """Time after which it gives up for good."""


class LockBudgetSpentError(OperatorError):
    """Somebody kept a lock for as long as the migration was allowed to wait. Nothing was changed."""


def attempt(address: DatabaseAddress, name: str, work: Work, patience: Patience, progress: Progress) -> None:
    """Run `work` in one transaction and commit it, retrying while others hold its locks.

    Raises LockBudgetSpentError, naming who blocked, or whatever `work` raised; nothing is committed then.
    """
    deadline = time.monotonic() + patience.budget_seconds
    pause = 0.1
    blockers: tuple[Blocker, ...] = ()
    while True:
        seen = _try_once(address, work, patience)
        if seen is None:
            return
        blockers = seen or blockers
        blocked_by = describe(blockers)
        left = deadline - time.monotonic()
        if left <= 0:
            raise LockBudgetSpentError(
                f"{name} could not get its locks within {patience.budget_seconds:.0f} s: "
                f"{blocked_by} holds them. Nothing was changed by it.",
                "End that transaction, or wait until it is over, then start again.",
            )
        progress(f"{name} waits for a lock held by {blocked_by}; giving up in {left:.0f} s")
        time.sleep(min(left, random.uniform(0.5, 1.0) * pause))  # noqa: S311 - jitter, not a secret
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _try_once(address: DatabaseAddress, work: Work, patience: Patience) -> tuple[Blocker, ...] | None:
    """None when it is committed, else who was seen in the way."""
    with address.connect(application_name="songnodes-migration") as connection:
        with BlockerWatch(address, connection.info.backend_pid) as watch:
            try:
                _limit_waits(connection, patience)
                work(connection)
                connection.commit()
            except RETRIED:
                connection.rollback()
            else:
                return None
        return watch.last_seen


def _limit_waits(connection: psycopg.Connection, patience: Patience) -> None:
    """Begin the transaction, alone: also against the rest of a runner that was killed a moment ago."""
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{patience.lock_timeout_ms}ms",))
    # A statement whose runner was killed ends within a second instead of running on for nobody.
    connection.execute("SET LOCAL client_connection_check_interval = '1s'")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TRANSACTION_KEY,))

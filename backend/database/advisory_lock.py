"""Session advisory locks, taken by polling.

`pg_advisory_lock` would wait inside a statement, and a waiting statement's snapshot deadlocks with a
CREATE INDEX CONCURRENTLY of the holder. An idle autocommit connection that asks again holds no snapshot.
"""

import time
from collections.abc import Callable

import psycopg

_POLL_SECONDS = 0.1


def try_advisory_lock(connection: psycopg.Connection, key: int) -> bool:
    """Take the lock for as long as `connection` lives, if nobody has it."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
    return row is not None and bool(row[0])


def poll_advisory_lock(
    connection: psycopg.Connection,
    key: int,
    wait_seconds: float,
    waiting: Callable[[], None] | None = None,
) -> bool:
    """Ask for the lock until it is ours or `wait_seconds` have passed; `waiting` is called once if it is not.

    `connection` has to be in autocommit mode.
    """
    deadline = time.monotonic() + wait_seconds
    if try_advisory_lock(connection, key):
        return True
    if waiting is not None:
        waiting()
    while time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        if try_advisory_lock(connection, key):
            return True
    return False

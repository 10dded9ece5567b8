"""The connection pool of a service, tolerant of a database that is away."""

from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Pool = AsyncConnectionPool[psycopg.AsyncConnection[tuple[Any, ...]]]

NOT_MIGRATED = "its tables are missing: the migrations have not been applied to this database"
"""What is wrong with a database that answers and was never migrated."""

UNSTORABLE = "The request has a text or number that no database row can hold, such as the NUL character."
"""For whoever sent what became a psycopg.DataError."""


class Database:
    """An asynchronous pool that opens without waiting: a service starts and says degraded meanwhile.

    Use as an async context manager in the application's lifespan. Connections are checked when they are
    handed out, so a restart of the server costs nobody an error.
    """

    def __init__(self, connect_arguments: dict[str, Any], *, name: str, max_size: int = 8) -> None:
        self._pool: Pool = AsyncConnectionPool(
            kwargs={**connect_arguments, "application_name": name},
            min_size=1,
            max_size=max_size,
            open=False,
            name=name,
            timeout=5,
            # Given up quickly, the next caller starts a fresh attempt: so the pool is back within seconds of
            # the server, where a patient attempt would by then sleep for a minute.
            reconnect_timeout=5,
            check=AsyncConnectionPool.check_connection,
        )

    @property
    def pool(self) -> Pool:
        """The pool: `async with database.pool.connection() as connection`. PoolTimeout when it is away."""
        return self._pool

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close(timeout=2)

    async def problem(self, timeout_seconds: float = 2.0) -> str:
        """Why the database cannot be used now, in a short sentence; empty when it answers."""
        try:
            async with self._pool.connection(timeout=timeout_seconds) as connection:
                await connection.execute("SELECT 1")
        except PoolTimeout:
            return f"the database gave no connection within {timeout_seconds:g} s"
        except psycopg.Error as error:
            return f"the database answered with {type(error).__name__}"
        return ""

    async def lacks(self, table: str, timeout_seconds: float = 2.0) -> str:
        """That the migrations that make `table` are not applied; empty when it is there, or unknown."""
        try:
            async with self._pool.connection(timeout=timeout_seconds) as connection:
                cursor = await connection.execute("SELECT to_regclass(%s) IS NULL", (table,))
                row = await cursor.fetchone()
        except (PoolTimeout, psycopg.Error):
            return ""
        return NOT_MIGRATED if row and row[0] else ""

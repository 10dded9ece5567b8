"""Exchange two databases by renaming them, in one transaction."""

import threading
import time
from types import TracebackType

import psycopg
from psycopg import sql

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress
from backend.database.databases import MAINTENANCE, database_exists

_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datid = %s"
_TRIES = 3

# Settings that somebody gave the database (ALTER DATABASE ... SET), for everybody or for one role.
_SETTINGS = """
SELECT r.rolname, split_part(setting, '=', 1), substr(setting, position('=' IN setting) + 1)
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS setting
WHERE d.datname = %s
"""


# These are kept as lists with each part quoted already; any other setting is one text.
_LISTS = frozenset(
    {"search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries"}
)


class SwapFailedError(OperatorError):
    """The databases could not be exchanged. Both have the names they had."""


def mark_of(address: DatabaseAddress) -> str:
    """The comment on the database, which tells the run that restored it; empty when it has none."""
    with address.with_name(MAINTENANCE).connect(autocommit=True) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            (address.name,),
        ).fetchone()
    return str(row[0] or "") if row else ""


def prepare(fresh: DatabaseAddress, live: DatabaseAddress, mark: str) -> None:
    """Give the fresh database what belongs to the live one and is in no dump: owner and settings."""
    with fresh.connect(autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(fresh.name), sql.Literal(mark))
        )
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (live.name,)
        ).fetchone()
        if owner is not None:
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                    sql.Identifier(fresh.name), sql.Identifier(owner[0])
                )
            )
        for role, name, value in connection.execute(_SETTINGS, (live.name,)).fetchall():
            _copy_setting(connection, fresh.name, role, name, value)


def swap(live: DatabaseAddress, fresh: str, replaced: str) -> float:
    """Rename `live` to `replaced` and `fresh` to the live name; seconds during which nobody could connect.

    Sessions of the live one are ended. New ones wait at the rename's lock until it is done.
    Raises SwapFailedError with both names as they were.
    """
    with live.with_name(MAINTENANCE).connect() as connection:
        for attempt in range(1, _TRIES + 1):
            started = time.monotonic()
            try:
                with _SessionEnder(live, _number_of(connection, live.name)):
                    _rename(connection, live.name, fresh, replaced)
            except psycopg.errors.ObjectInUse as error:
                connection.rollback()
                if attempt == _TRIES:
                    raise SwapFailedError(
                        f"{live.name} could not be replaced, it is still in use: {error.diag.message_detail}",
                        "End what uses it (a prepared transaction?), then start again. It is as it was.",
                    ) from error
            else:
                return time.monotonic() - started
    raise AssertionError("unreachable: the last try returns or raises")


def _rename(connection: psycopg.Connection, live: str, fresh: str, replaced: str) -> None:
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    if database_exists(connection, live):
        connection.execute(rename.format(sql.Identifier(live), sql.Identifier(replaced)))
    connection.execute(rename.format(sql.Identifier(fresh), sql.Identifier(live)))
    connection.commit()


def _number_of(connection: psycopg.Connection, database: str) -> int | None:
    row = connection.execute("SELECT oid::bigint FROM pg_database WHERE datname = %s", (database,)).fetchone()
    return int(row[0]) if row else None


def _copy_setting(
    connection: psycopg.Connection, database: str, role: str | None, name: str, value: str
) -> None:
    place = sql.SQL("DATABASE {}").format(sql.Identifier(database))
    if role is not None:
        place = sql.SQL("ROLE {} IN {}").format(sql.Identifier(role), place)
    given = sql.SQL(value) if name in _LISTS else sql.Literal(value)
    connection.execute(sql.SQL("ALTER {} SET {} TO {}").format(place, sql.Identifier(name), given))


class _SessionEnder:
    """Ends every session of a database, again and again, for as long as the `with` block lasts.

    The rename takes its lock first and then waits for sessions to go, so nobody can slip in between. The
    database is known by its number: a session that finds another one under the name already is left alone.
    """

    def __init__(self, address: DatabaseAddress, number: int | None) -> None:
        self._maintenance = address.with_name(MAINTENANCE)
        self._number = number
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._end, name="swap-session-ender", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _end(self) -> None:
        try:
            with self._maintenance.connect(autocommit=True, application_name="songnodes-swap") as connection:
                while not self._stopped.is_set():
                    connection.execute(_END_SESSIONS, (self._number,))
                    self._stopped.wait(0.05)
        except (psycopg.Error, OperatorError):
            return  # then the rename finds the sessions still there, and says so

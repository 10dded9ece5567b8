"""What the local target was told to run: a small file that is replaced whole."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import make_private_folder

STARTING = "starting "
"""Stands before a release while a service is being started from it."""


@dataclass(frozen=True)
class Deployed:
    """A service's release, and since when."""

    release: str
    since: datetime

    @property
    def intended(self) -> str:
        """The release without the mark of a start that was never seen to end."""
        return self.release.removeprefix(STARTING)


class DeployedServices:
    """Reads and writes which release each service was last started from."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> dict[str, Deployed]:
        """Service names with their releases; empty before the first deployment.

        Raises OperatorError when the file is damaged or cannot be read.
        """
        try:
            return _parse(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise OperatorError(
                f"The list of deployed services {self._file} cannot be read ({type(error).__name__}). "
                "Without it nobody knows which releases should run.",
                "Move the file away and deploy again. Databases and backups are not affected.",
                exit_code=ExitCode.REFUSED,
            ) from error

    def put(self, service: str, release: str) -> None:
        """Note that `service` runs `release` from now on."""
        self._write({**self.all(), service: Deployed(release, datetime.now(UTC))})

    def begin(self, service: str, release: str) -> None:
        """Note that `service` is about to be started from `release`.

        Until `put` follows, the service counts as being on neither release, so whoever finds it after
        a crash starts it again.
        """
        self.put(service, f"{STARTING}{release}")

    def remove(self, service: str) -> None:
        """Note that `service` is not deployed any more."""
        self._write({name: entry for name, entry in self.all().items() if name != service})

    def _write(self, entries: dict[str, Deployed]) -> None:
        make_private_folder(self._file.parent)
        content = {n: {"release": e.release, "since": e.since.isoformat()} for n, e in entries.items()}
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=2))
        fresh.replace(self._file)


def _parse(text: str) -> dict[str, Deployed]:
    return {
        name: Deployed(entry["release"], datetime.fromisoformat(entry["since"]))
        for name, entry in json.loads(text).items()
    }

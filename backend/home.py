"""Where the console keeps things: one folder, `SONGNODES_HOME`, and the places inside it.

Nothing here creates a folder by being looked at, so that a dry run leaves no trace.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class EnvironmentFolder:
    """The places of one environment."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The embedded server's folder."""
        return self.root / "postgres"

    @property
    def releases(self) -> Path:
        """Immutable releases, a folder each."""
        return self.root / "releases"

    @property
    def runtimes(self) -> Path:
        """Installed dependencies of the releases, a folder for each distinct set."""
        return self.root / "runtimes"

    @property
    def logs(self) -> Path:
        """A log file a service."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """One 0600 file a secret, as the services read them."""
        return self.root / "secrets"

    @property
    def backups(self) -> Path:
        """Database backups (the playbook's `backups/database/`)."""
        return self.root / "backups" / "database"

    @property
    def supervisor(self) -> Path:
        """Configuration, log and process id of the supervisor."""
        return self.root / "supervisor"


@dataclass(frozen=True)
class Home:
    """The folder that keeps configuration, state and embedded data."""

    root: Path

    @classmethod
    def from_process_environment(cls) -> "Home":
        """`SONGNODES_HOME`, else the platform's folder for user data."""
        given = os.environ.get("SONGNODES_HOME")
        if given:
            return cls(Path(given).expanduser().absolute())
        return cls(Path(platformdirs.user_data_dir("songnodes-console", appauthor=False)))

    @property
    def config(self) -> Path:
        """What the operator chose."""
        return self.root / "config"

    @property
    def profiles(self) -> Path:
        """Environment profiles, a TOML file each."""
        return self.config / "environments"

    @property
    def journal(self) -> Path:
        """The journal of all runs."""
        return self.root / "state" / "journal.db"

    def run_folder(self, run_id: str) -> Path:
        """Runner log and liveness lock of one run."""
        return self.root / "state" / "runs" / run_id

    def environment(self, name: str) -> EnvironmentFolder:
        """The places of the environment `name`."""
        return EnvironmentFolder(self.root / "environments" / name)


def make_private_folder(path: Path) -> Path:
    """Create `path` and what is missing above it, each for this user only (0700), and return `path`."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in (*reversed(missing), path):  # mkdir(parents=True) would give parents the usual mode
        folder.mkdir(exist_ok=True, mode=0o700)
    return path

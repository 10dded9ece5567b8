"""Facts about the source tree that releases are made from."""

import shutil
import subprocess
from pathlib import Path


def commit_of(source: Path) -> str:
    """The first twelve digits of its commit; empty when it is no git work tree or git is not installed."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(
        ["git", "-C", str(source), "rev-parse", "--short=12", "HEAD"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else ""

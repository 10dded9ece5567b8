"""Secrets as files: one 0600 file a secret in a 0700 folder, the way services and containers read them."""

import os
import secrets
from pathlib import Path

from backend.home import make_private_folder


class SecretFiles:
    """The secrets in `folder`. Nothing is created by looking."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder

    def path(self, name: str) -> Path:
        """The file of one secret, whether or not it exists."""
        return self._folder / name

    def get(self, name: str) -> str | None:
        """A secret, None when there is none."""
        try:
            return self.path(name).read_text().strip()
        except FileNotFoundError:
            return None

    def put(self, name: str, value: str) -> None:
        """Keep a secret; the file is complete or untouched, never half written."""
        make_private_folder(self._folder)
        fresh = self._folder / f".{name}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(value)
        fresh.replace(self.path(name))

    def forget(self, name: str) -> None:
        """Remove a secret; nothing happens when there is none."""
        self.path(name).unlink(missing_ok=True)

    def ensure(self, name: str) -> str:
        """The secret, made at random when there is none yet."""
        present = self.get(name)
        if present:
            return present
        value = secrets.token_urlsafe(32)
        self.put(name, value)
        return value

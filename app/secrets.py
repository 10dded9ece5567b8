"""Secrets of an environment: the operating system's keyring first, else a private file.

What the services need is always written as 0600 files besides, because a service reads it without
anybody being logged in; see docs/decisions.
"""

import os

import keyring
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringError

from backend.secret_files import SecretFiles

_SERVICE = "songnodes-console"


class Secrets:
    """The provider credentials of one environment."""

    def __init__(self, environment: str, files: SecretFiles) -> None:
        self._environment = environment
        self._files = files

    def where(self) -> str:
        """Where secrets are kept, in words."""
        backend = keyring.get_keyring()
        if isinstance(backend, NoKeyring):
            return f"private files (0600) in {self._files.folder}, because this machine has no keyring"
        return f"the keyring ({backend.name}), with private files (0600) for the services"

    def get(self, name: str) -> str | None:
        """A secret from the process's environment, the keyring or its file; None when there is none."""
        given = os.environ.get(f"SONGNODES_SECRET_{name.upper()}")
        return given or self._from_keyring(name) or self._files.get(name)

    def put(self, name: str, value: str) -> None:
        """Keep a secret."""
        self._files.put(name, value)
        if self._has_keyring():
            keyring.set_password(_SERVICE, self._key(name), value)

    def forget(self, name: str) -> None:
        """Remove a secret everywhere."""
        self._files.forget(name)
        if self._has_keyring() and self._from_keyring(name) is not None:
            keyring.delete_password(_SERVICE, self._key(name))

    def _from_keyring(self, name: str) -> str | None:
        if not self._has_keyring():
            return None
        try:
            return keyring.get_password(_SERVICE, self._key(name))
        except KeyringError:
            return None  # locked or refused: the file is asked next

    def _has_keyring(self) -> bool:
        return not isinstance(keyring.get_keyring(), NoKeyring)

    def _key(self, name: str) -> str:
        return f"{self._environment}/{name}"

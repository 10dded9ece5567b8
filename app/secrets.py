"""Secrets of an environment: the operating system's keyring first, else a private file.

What the services need is always written as 0600 files besides, because a service reads it without
anybody being logged in; see docs/decisions.
"""

import os
from types import ModuleType

from backend.secret_files import SecretFiles

_SERVICE = "songnodes-console"


def _keyring() -> ModuleType | None:
    """The keyring library, None where there is no keyring. Loaded late: it costs a tenth of a second."""
    import keyring  # noqa: PLC0415
    from keyring.backends.fail import Keyring as NoKeyring  # noqa: PLC0415

    return None if isinstance(keyring.get_keyring(), NoKeyring) else keyring


class Secrets:
    """The provider credentials of one environment."""

    def __init__(self, environment: str, files: SecretFiles) -> None:
        self._environment = environment
        self._files = files

    def where(self) -> str:
        """Where secrets are kept, in words."""
        keyring = _keyring()
        if keyring is None:
            return f"private files (0600) in {self._files.folder}, because this machine has no keyring"
        return f"the keyring ({keyring.get_keyring().name}), with private files (0600) for the services"

    def get(self, name: str) -> str | None:
        """A secret from the process's environment, the keyring or its file; None when there is none."""
        given = os.environ.get(f"SONGNODES_SECRET_{name.upper()}")
        return given or self._from_keyring(name) or self._files.get(name)

    def put(self, name: str, value: str) -> None:
        """Keep a secret."""
        self._files.put(name, value)
        keyring = _keyring()
        if keyring is not None:
            keyring.set_password(_SERVICE, self._key(name), value)

    def forget(self, name: str) -> None:
        """Remove a secret everywhere."""
        self._files.forget(name)
        keyring = _keyring()
        if keyring is not None and self._from_keyring(name) is not None:
            keyring.delete_password(_SERVICE, self._key(name))

    def _from_keyring(self, name: str) -> str | None:
        keyring = _keyring()
        if keyring is None:
            return None
        try:
            value: str | None = keyring.get_password(_SERVICE, self._key(name))
        except keyring.errors.KeyringError:
            return None  # locked or refused: the file is asked next
        return value

    def _key(self, name: str) -> str:
        return f"{self._environment}/{name}"

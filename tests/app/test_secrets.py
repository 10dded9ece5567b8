from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from app.secrets import Secrets
from backend.secret_files import SecretFiles


class MemoryKeyring(KeyringBackend):
    """A keyring that keeps its secrets in memory, in place of the operating system's."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def restored_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.fixture
def secrets(tmp_path: Path, restored_keyring: None) -> Secrets:
    return Secrets("staging", SecretFiles(tmp_path / "secrets"))


def test_without_a_keyring_a_private_file_keeps_it(secrets: Secrets, tmp_path: Path) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    secrets.put("discogs_token", "sentinel")
    assert secrets.get("discogs_token") == "sentinel"
    assert (tmp_path / "secrets" / "discogs_token").stat().st_mode & 0o777 == 0o600
    assert "no keyring" in secrets.where()
    secrets.forget("discogs_token")
    assert secrets.get("discogs_token") is None


def test_a_keyring_comes_before_the_file(secrets: Secrets, tmp_path: Path) -> None:
    kept = MemoryKeyring()
    keyring.set_keyring(kept)
    secrets.put("discogs_token", "sentinel")
    (tmp_path / "secrets" / "discogs_token").write_text("older")
    assert secrets.get("discogs_token") == "sentinel"
    secrets.forget("discogs_token")
    assert kept.kept == {}
    assert secrets.get("discogs_token") is None


def test_the_process_environment_comes_first(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    secrets.put("discogs_token", "kept")
    monkeypatch.setenv("SONGNODES_SECRET_DISCOGS_TOKEN", "given")
    assert secrets.get("discogs_token") == "given"

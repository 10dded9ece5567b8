"""Sample settings, kept in memory."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Sequence

from backend.contracts.environment import ProviderMode
from backend.contracts.provider_registry import REGISTRATIONS


class SampleSettings:
    """The settings port over a dictionary."""

    def __init__(self) -> None:
        self.kept_theme = "dark"
        self.credentials: dict[str, str] = {"discogs_token": "kept"}
        self.modes: dict[str, ProviderMode] = {}

    def theme(self) -> str:
        """The theme kept."""
        return self.kept_theme

    def set_theme(self, theme: str) -> None:
        """Keep the theme."""
        self.kept_theme = theme

    def set_provider_mode(self, environment: str, provider: str, mode: ProviderMode) -> None:
        """Keep the mode."""
        self.modes[f"{environment}/{provider}"] = mode

    def provider_credentials(self, environment: str) -> Sequence[tuple[str, str, bool]]:
        """What providers can use."""
        return [
            (registration.name, credential.name, credential.name in self.credentials)
            for registration in REGISTRATIONS
            for credential in registration.credentials
        ]

    def set_credential(self, environment: str, name: str, value: str) -> None:
        """Keep a credential."""
        self.credentials[name] = value

    def forget_credential(self, environment: str, name: str) -> None:
        """Remove a credential."""
        self.credentials.pop(name, None)

    def secret_store(self) -> str:
        """Where secrets would be."""
        return "a private file that only you can read (this machine has no keyring)"

    def home(self) -> str:
        """The folder that would keep everything."""
        return "/home/deploy/songnodes"

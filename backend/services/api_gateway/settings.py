"""Settings of the API gateway."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from backend.contracts.environment import PROVIDERS
from backend.contracts.provider_registry import REGISTRATIONS
from backend.services.common.settings import ServiceSettings, named_secrets


def _provider_credentials() -> dict[str, SecretStr]:
    return named_secrets(
        credential.name for registration in REGISTRATIONS for credential in registration.credentials
    )


class GatewaySettings(ServiceSettings):
    """What the gateway takes from the environment besides the common settings."""

    port: int = Field(default=8022, ge=1, le=65535)
    simulator_url: str = "http://127.0.0.1:8030"
    simulated_providers: Annotated[tuple[str, ...], NoDecode] = PROVIDERS
    """Comma-separated names; calls of these go to the simulator. By omission nothing leaves the machine."""
    contact: str = "operator@localhost"
    """An address or web page for the User-Agent, as MusicBrainz and Discogs ask for."""
    gate_patience_seconds: float = Field(default=10.0, ge=0, le=60)
    """How long a call may wait for its place within a provider's limit."""
    retry_share: float = Field(default=0.1, ge=0, le=1)
    """How many of a provider's calls of a minute may be tried again when they fail; 0: none."""
    redis_url: SecretStr | None = None
    """Where replicas share breakers, budgets and answers, such as `redis://host:6379/0`; none: this process
    keeps them for itself."""
    credentials: Mapping[str, SecretStr] = Field(default_factory=_provider_credentials)
    """The registered providers' credentials by name, those that are known. Each has a variable or secret
    file of its own."""

    @field_validator("simulated_providers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = tuple(name.strip() for name in value.split(",") if name.strip())
        if unknown := sorted(set(names) - set(PROVIDERS)):
            raise ValueError(f"unknown provider {', '.join(unknown)}; known: {', '.join(PROVIDERS)}")
        return names

    @property
    def user_agent(self) -> str:
        """Who calls, in the form MusicBrainz asks for: name, version, contact."""
        return f"SongNodesConsole/{self.release} ( {self.contact} )"

    def secret_values(self) -> tuple[str, ...]:
        """Every secret these settings hold, the providers' credentials too."""
        credentials = (value.get_secret_value() for value in self.credentials.values())
        return (*super().secret_values(), *credentials)

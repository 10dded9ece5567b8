"""Environment profiles: where a stack runs, how dear it is, and on which addresses it listens."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.contracts.provider_registry import REGISTRATIONS

Port = Annotated[int, Field(ge=1, le=65535)]

GATEWAY = "api-gateway-internal"
ENRICHMENT = "metadata-enrichment"
DLQ_MANAGER = "dlq-manager"
POSTGRES = "postgres"
PROVIDER_SIMULATOR = "provider-simulator"

SERVICES: tuple[str, ...] = (GATEWAY, DLQ_MANAGER, ENRICHMENT)
"""The three services, in the order the playbook starts them."""

PROVIDERS: tuple[str, ...] = tuple(registration.name for registration in REGISTRATIONS)
"""Names of the providers that the gateway talks to."""


class TargetKind(StrEnum):
    """How a stack is run."""

    LOCAL = "local"
    COMPOSE = "compose"


class Tier(StrEnum):
    """How dear an environment is. The tier decides colour, defaults and how much has to be confirmed."""

    DEV = "dev"
    STAGING = "staging"
    PRODUCTION = "production"


class ProviderMode(StrEnum):
    """Where the gateway sends its provider calls."""

    SIMULATED = "simulated"
    LIVE = "live"


class Ports(BaseModel):
    """Loopback ports of one stack. The defaults are the playbook's and the reference system's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gateway: Port = 8022
    enrichment: Port = 8020
    dlq_manager: Port = 8021
    postgres: Port = 5433
    simulator: Port = 8030

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        values = list(self.model_dump().values())
        for name, value in self.model_dump().items():
            if values.count(value) > 1:
                raise ValueError(f"port {value} is given to more than one service ({name} is one of them)")
        return self


class Environment(BaseModel):
    """One named profile, as kept in `config/environments/NAME.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    kind: TargetKind = TargetKind.LOCAL
    tier: Tier = Tier.DEV
    host: str = "127.0.0.1"
    ports: Ports = Ports()
    database: str = "musicdb"
    database_user: str = "musicdb_user"
    providers: dict[str, ProviderMode] = Field(default_factory=dict)
    """Providers that differ from the default (simulated in a local environment, live elsewhere)."""
    watch_minutes: int | None = Field(default=None, ge=0, le=240)
    """Length of step 10. Unset: 0 in the tier dev, 30 in staging and production."""
    prometheus_url: str | None = None
    grafana_url: str | None = None

    @property
    def default_watch_minutes(self) -> int:
        """Minutes that step 10 watches when the operator asks for nothing else."""
        if self.watch_minutes is not None:
            return self.watch_minutes
        return 0 if self.tier is Tier.DEV else 30

    def provider_mode(self, provider: str) -> ProviderMode:
        """Where calls to `provider` go in this environment."""
        default = ProviderMode.SIMULATED if self.kind is TargetKind.LOCAL else ProviderMode.LIVE
        return self.providers.get(provider, default)

    def port(self, service: str) -> int:
        """Port on which `service` listens; KeyError for a name that is not part of the stack."""
        return {
            GATEWAY: self.ports.gateway,
            ENRICHMENT: self.ports.enrichment,
            DLQ_MANAGER: self.ports.dlq_manager,
            POSTGRES: self.ports.postgres,
            PROVIDER_SIMULATOR: self.ports.simulator,
        }[service]

    def url(self, service: str) -> str:
        """Base address of an HTTP service, without a trailing slash."""
        return f"http://{self.host}:{self.port(service)}"

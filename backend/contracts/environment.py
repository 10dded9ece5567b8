"""Environment profiles: where a stack runs, how dear it is, and on which addresses it listens."""

from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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
    rabbitmq: Port = 5672
    redis: Port = 6379
    prometheus: Port = 9091
    grafana: Port = 3001
    alertmanager: Port = 9093
    """From `rabbitmq` on: of Docker Compose only, a local stack opens none of them."""

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        values = list(self.model_dump().values())
        for name, value in self.model_dump().items():
            if values.count(value) > 1:
                raise ValueError(f"port {value} is given to more than one service ({name} is one of them)")
        return self


class ComposeSettings(BaseModel):
    """Where a stack of kind `compose` runs, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    docker_host: str | None = None
    """`unix://…`, `tcp://host:port` or `ssh://user@host[:port]`; None: DOCKER_HOST, else the local socket."""
    tls_folder: str | None = None
    """Folder with ca.pem, cert.pem and key.pem, for `tcp://` alone."""
    project: str = Field(default="songnodes", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    folder: str | None = None
    """Folder with docker-compose.yml; None: the source tree."""
    simulated: bool = False
    """Start the provider simulator (profile `simulated`) and send the gateway's calls to it."""
    workers: int = Field(default=1, ge=0, le=64)
    """Containers of enrichment-worker."""

    @field_validator("docker_host")
    @classmethod
    def _is_docker_host(cls, value: str | None) -> str | None:
        if value is not None:
            _check_docker_host(value)
        return value

    @model_validator(mode="after")
    def _tls_belongs_to_tcp(self) -> Self:
        if self.tls_folder is not None and not (self.docker_host or "").startswith("tcp://"):
            raise ValueError(
                "tls_folder is for a docker_host of the form tcp://host:port; remove one of them"
            )
        return self


def _check_docker_host(value: str) -> None:
    """Raise ValueError that says which part of the address is wrong."""
    parts = urlsplit(value)
    if parts.scheme == "unix":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError(f"{value} has no absolute path; a socket is written unix:///var/run/docker.sock")
        return
    if parts.scheme not in ("tcp", "ssh"):
        raise ValueError(
            f"{value} is no address of a Docker host; write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST"
        )
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"the port in {value} is not a number from 1 to 65535") from None
    if not parts.hostname:
        raise ValueError(f"{value} names no host")
    if parts.scheme == "tcp" and port is None:
        raise ValueError(f"{value} has no port; Docker listens on 2376 with TLS, on 2375 without")
    if parts.password is not None:
        raise ValueError("docker_host must hold no password; use a key with ssh-agent")


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
    """Unset: the stack's own where the kind brings one (see `prometheus`, `grafana`)."""
    compose: ComposeSettings | None = None
    """Set when the kind is `compose`, and only then; left out of such a profile, it has its defaults."""

    @model_validator(mode="before")
    @classmethod
    def _compose_has_settings(cls, content: Any) -> Any:
        if isinstance(content, dict) and content.get("kind") == TargetKind.COMPOSE:
            return {**content, "compose": content.get("compose") or ComposeSettings()}
        return content

    @model_validator(mode="after")
    def _settings_fit_the_kind(self) -> Self:
        if self.compose is not None and self.kind is not TargetKind.COMPOSE:
            raise ValueError("the part [compose] belongs to kind = 'compose'; remove it or change the kind")
        return self

    @property
    def prometheus(self) -> str | None:
        """Address of the Prometheus that scrapes the stack; None when there is none."""
        return self.prometheus_url or self._own(self.ports.prometheus)

    @property
    def grafana(self) -> str | None:
        """Address of the Grafana that shows the stack; None when there is none."""
        return self.grafana_url or self._own(self.ports.grafana)

    def _own(self, port: int) -> str | None:
        return f"http://{self.host}:{port}" if self.kind is TargetKind.COMPOSE else None

    @property
    def default_watch_minutes(self) -> int:
        """Minutes that step 10 watches when the operator asks for nothing else."""
        if self.watch_minutes is not None:
            return self.watch_minutes
        return 0 if self.tier is Tier.DEV else 30

    def provider_mode(self, provider: str) -> ProviderMode:
        """Where calls to `provider` go in this environment."""
        simulated = self.compose.simulated if self.compose else self.kind is TargetKind.LOCAL
        default = ProviderMode.SIMULATED if simulated else ProviderMode.LIVE
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

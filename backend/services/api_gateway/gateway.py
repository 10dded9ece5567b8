"""The gateway's parts, as its endpoints use them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import HTTPException

from backend.contracts.live import LiveProviders, SharedState
from backend.services.api_gateway.history import History
from backend.services.api_gateway.live import LiveFeed
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.operator_control import OperatorControl
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.recorder import Recorder
from backend.services.common.database import Database

SERVICE = "api-gateway-internal"
VERSION = "1.0.0"


class Gateway:
    """What the endpoints work on; filled in by the application's lifespan."""

    def __init__(self, release: str) -> None:
        self.release = release
        self.providers: Mapping[str, Provider] = {}
        self.database: Database | None = None
        self.recorder: Recorder | None = None
        self.history: History | None = None
        self.control: OperatorControl | None = None
        self.feed = LiveFeed(self.live, self.mark)

    def provider(self, name: str) -> Provider:
        """The provider, or a 404 that names the known ones."""
        if name not in self.providers:
            known = ", ".join(self.providers)
            raise HTTPException(404, f"There is no provider '{name[:80]}' here. Known: {known}.")
        return self.providers[name]

    def live(self) -> LiveProviders:
        """All providers as they are now."""
        return LiveProviders(
            at=datetime.now(UTC),
            release=self.release,
            providers={name: provider.status() for name, provider in self.providers.items()},
            shared=self.shared(),
        )

    def mark(self) -> object:
        """A value that differs once a breaker or gate has changed."""
        return tuple(provider.mark() for provider in self.providers.values())

    def shared(self) -> SharedState:
        """Where breakers and budgets are kept; one answer for all providers, as they share the store."""
        for provider in self.providers.values():
            return provider.breakers.shared_state()
        return SharedState(kind="local", replicas=1)

    def show_in(self, metrics: GatewayMetrics) -> None:
        """Bring the figures up to date that are looked up and not counted."""
        for name, provider in self.providers.items():
            metrics.provider_is(name, provider.status())
        if self.recorder is not None:
            metrics.recorder_is(self.recorder.waiting, self.recorder.dropped)

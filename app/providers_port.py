"""The gateway's providers for the console and the command line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.operator import operator
from backend.clients.gateway import GatewayClient
from backend.clients.json_service import WriteGuard
from backend.contracts.access import refuse_production
from backend.contracts.control import ControlAudit, ControlRequest, ControlResult
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.live import BreakerTransition, LiveProviders, ProviderHistory, ProviderImpact
from backend.contracts.providers import BreakerState
from backend.database import provider_impact
from backend.database.address import DatabaseAddress


class Place(Protocol):
    """What is needed of a target."""

    @property
    def environment(self) -> Environment:
        """The profile."""

    def admin_token(self) -> str:
        """Bearer token of control calls."""

    def musicdb(self) -> DatabaseAddress:
        """The stack's database."""

    def operations_database(self) -> DatabaseAddress:
        """The database that keeps the dead letters."""


class Providers:
    """The providers port of the controllers, and what the command line uses."""

    def __init__(self, place: Callable[[str], Place], guard: WriteGuard = refuse_production) -> None:
        self._place = place
        self._guard = guard

    def live(self, environment: str) -> LiveProviders:
        """All providers as they are now."""
        return self._client(environment).live()

    def events(self, environment: str) -> Iterator[LiveProviders | BreakerTransition]:
        """The gateway's live stream; OperatorError when it cannot be opened, breaks, or is silent for 3 s."""
        return self._client(environment).events()

    def histories(self, environment: str, minutes: int) -> Mapping[str, ProviderHistory]:
        """Calls and failures of the last `minutes`, for every provider."""
        return self._client(environment).histories(minutes)

    def history(self, environment: str, provider: str, minutes: int) -> ProviderHistory:
        """Calls, failures, and the times in which a breaker was open, of the last `minutes`."""
        return self._client(environment).history(provider, minutes)

    def impact(self, environment: str, provider: str) -> ProviderImpact:
        """What the provider means to enrichment. What cannot be read is none, and the rest is told."""
        place = self._place(environment)
        musicdb = place.musicdb()
        since = self._outage_since(environment, provider) or datetime.now(UTC) - timedelta(hours=1)
        fields = provider_impact.fields_of(musicdb, provider)
        names = [use.field for use in fields or ()]
        shares = provider_impact.shares_since(musicdb, names, since) if names else None
        return ProviderImpact(
            provider=provider,
            since=since,
            fields=fields,
            covered_by=None if shares is None else dict(shares),
            tracks=provider_impact.degraded_since(musicdb, since),
            dead_letters=provider_impact.dead_letters_since(place.operations_database(), provider, since),
        )

    def control(self, environment: str, provider: str, request: ControlRequest) -> ControlResult:
        """Force a breaker into a state, close it or probe now; ControlConflictError: somebody was first."""
        return self._client(environment).control(provider, request)

    def audit(self, environment: str, provider: str) -> Sequence[ControlAudit]:
        """What operators did to the provider's breakers, newest first."""
        return self._client(environment).audit(provider)

    def operator(self) -> str:
        """Who is at the console, as `user@host`."""
        return operator()

    def _client(self, environment: str) -> GatewayClient:
        place = self._place(environment)
        return GatewayClient(place.environment, place.admin_token(), guard=self._guard)

    def _outage_since(self, environment: str, provider: str) -> datetime | None:
        """When the provider's worst breaker left the closed state; none when it is closed or unknown."""
        try:
            status = self.live(environment).providers.get(provider)
        except OperatorError:
            return None
        if status is None or status.circuit_breaker.state is BreakerState.CLOSED:
            return None
        breaker = status.circuit_breaker
        musicdb = self._place(environment).musicdb()
        return provider_impact.not_closed_since(musicdb, provider, breaker.endpoint) or breaker.since

"""What the providers let through now, as the gateway says, and how long a number of calls takes at that."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from backend.contracts.gateway import GatewayHealth
from backend.contracts.providers import BreakerState, GateState, ProviderStatus
from backend.http import httpx

_KEPT_SECONDS = 2.0
_PATIENCE_SECONDS = 0.5


class ProviderLimits:
    """Asks the gateway, at most every other second."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._known: Mapping[str, ProviderStatus] = {}
        self._until = 0.0

    async def now(self) -> Mapping[str, ProviderStatus]:
        """The providers by name; empty when the gateway does not answer within half a second."""
        if time.monotonic() >= self._until:
            self._known = await self._asked()
            self._until = time.monotonic() + _KEPT_SECONDS
        return self._known

    async def _asked(self) -> Mapping[str, ProviderStatus]:
        try:
            reply = await self._client.get("/health", timeout=_PATIENCE_SECONDS)
            return GatewayHealth.model_validate_json(reply.content).api_clients
        except (httpx.HTTPError, ValidationError):
            return {}


@dataclass(frozen=True)
class Estimate:
    """How long sending takes, and what it costs."""

    seconds: float | None
    """None when neither a pace nor a limit is known."""
    budget_share: float | None
    """Of the hourly limit of the provider that takes longest."""
    slowest: str | None


def estimate(
    letters: int,
    calls: Mapping[str, float],
    statuses: Mapping[str, ProviderStatus],
    *,
    per_second: float | None,
    share: float | None,
) -> Estimate:
    """At `per_second` letters a second and `share` of the limits; none of a share: limits are not kept to."""
    times = {}
    for provider, count in calls.items():
        status = statuses.get(provider)
        if status is not None and count > 0 and status.rate_gate.limit > 0:
            times[provider] = count / (status.rate_gate.limit / status.rate_gate.window_seconds)
    slowest = max(times, key=lambda name: times[name], default=None)
    paced = [] if per_second is None else [letters / per_second]
    bound = [times[slowest] / share] if slowest is not None and share else []
    return Estimate(
        seconds=max(paced + bound, default=None),
        budget_share=None if slowest is None else times[slowest] / 3600,
        slowest=slowest,
    )


def why_held_back(status: ProviderStatus) -> str:
    """What keeps calls to a provider back now, in words; empty when nothing does."""
    breaker, gate = status.circuit_breaker, status.rate_gate
    if status.missing_credentials:
        return f"it has no credentials ({status.missing_credentials})"
    if breaker.state is BreakerState.OPEN:
        return "its circuit breaker is open"
    if gate.state in {GateState.QUOTA, GateState.BLOCKED}:
        return "its quota is used up" if gate.state is GateState.QUOTA else "its credentials were refused"
    return ""

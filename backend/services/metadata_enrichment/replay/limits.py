"""The providers' limits, as the gateway has them now."""

import time

from pydantic import ValidationError

from backend.contracts.live import LiveProviders
from backend.http import httpx

FRESH_SECONDS = 10.0
_TIMEOUT_SECONDS = 1.0
"""A preview does without the limits rather than wait longer."""


class ProviderLimits:
    """Asks the gateway, at most every FRESH_SECONDS. One that does not answer leaves the limits unknown."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._limits: dict[str, float] = {}
        self._asked_at = -FRESH_SECONDS

    async def per_second(self) -> dict[str, float]:
        """Calls a second by provider; a provider that is not in it has no known limit."""
        now = time.monotonic()
        if now - self._asked_at >= FRESH_SECONDS:
            self._asked_at = now  # also when it fails: the next preview does not wait again
            self._limits = await self._ask()
        return self._limits

    async def _ask(self) -> dict[str, float]:
        try:
            reply = await self._client.get("/admin/providers", timeout=_TIMEOUT_SECONDS)
            live = LiveProviders.model_validate_json(reply.raise_for_status().content)
        except (httpx.HTTPError, ValidationError):
            return {}
        gates = {name: status.rate_gate for name, status in live.providers.items()}
        return {name: gate.limit / gate.window_seconds for name, gate in gates.items() if gate.window_seconds}

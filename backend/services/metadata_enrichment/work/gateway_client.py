"""Calls the API gateway, the only way to the providers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import ValidationError

from backend.contracts.gateway import LANE_HEADER, GatewayHealth, Lane, Outcome, SearchResponse, TrackResponse
from backend.contracts.providers import ProviderStatus
from backend.http import httpx
from backend.services.metadata_enrichment.work.answers import Answer

CORRELATION_HEADER = "X-Correlation-ID"
CANDIDATES = 10
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
"""A correlation id is free text of the caller; a header takes no other characters."""


class GatewayClient:
    """Asks providers through the gateway. A call that fails is an answer too: its outcome says how.

    In the bulk lane a call that the gateway holds back is made again when the gateway says it gets through,
    if that is within `bulk_patience` seconds; so what waits sets the pace, and does not end as a gap.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        lane: Lane = Lane.INTERACTIVE,
        bulk_patience: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._lane = lane
        self._bulk_patience = bulk_patience
        self._sleep = sleep

    def in_lane(self, lane: Lane) -> "GatewayClient":
        """The same gateway, for calls that wait in `lane` for a provider's limit."""
        return GatewayClient(self._client, lane, self._bulk_patience, self._sleep)

    async def search(
        self, provider: str, artist: str, title: str, isrc: str | None, correlation_id: str
    ) -> Answer:
        """Tracks of that name."""
        body: dict[str, object] = {
            "artist_name": artist,
            "track_title": title,
            "isrc": isrc,
            "limit": CANDIDATES,
        }
        started = time.monotonic()
        reply = await self._send("POST", f"/api/{provider}/search", correlation_id, body)
        if isinstance(reply, str):
            return _failed(provider, "search", started, reply)
        try:
            found = SearchResponse.model_validate_json(_storable(reply.content))
        except ValidationError:
            return _failed(provider, "search", started, _strange(reply))
        return Answer(
            provider=provider,
            operation="search",
            outcome=found.outcome,
            candidates=tuple(found.results),
            response_id=found.response_id,
            latency_ms=_milliseconds_since(started),
            detail=found.detail,
            retry_at=found.retry_at,
        )

    async def track(self, provider: str, track_id: str, correlation_id: str) -> Answer:
        """One track by the provider's own identifier."""
        started = time.monotonic()
        path = f"/api/{provider}/track/{quote(track_id, safe='')}"
        reply = await self._send("GET", path, correlation_id, None)
        if isinstance(reply, str):
            return _failed(provider, "track", started, reply)
        try:
            found = TrackResponse.model_validate_json(_storable(reply.content))
        except ValidationError:
            return _failed(provider, "track", started, _strange(reply))
        return Answer(
            provider=provider,
            operation="track",
            outcome=found.outcome,
            candidates=(found.data,) if found.data else (),
            response_id=found.response_id,
            latency_ms=_milliseconds_since(started),
            detail=found.detail,
            retry_at=found.retry_at,
        )

    async def providers(self) -> Mapping[str, ProviderStatus]:
        """The providers as the gateway sees them; none when it does not answer."""
        try:
            reply = await self._client.get("/health", timeout=5.0)
            return GatewayHealth.model_validate_json(reply.content).api_clients
        except (httpx.HTTPError, ValidationError):
            return {}

    async def problem(self) -> str:
        """Why the gateway cannot be used now; empty when it answers its health check."""
        try:
            reply = await self._client.get("/health", timeout=2.0)
        except httpx.HTTPError as error:
            return f"the gateway does not answer: {type(error).__name__}"
        return "" if reply.status_code == httpx.codes.OK else f"the gateway says {reply.status_code}"

    async def _send(
        self, method: str, path: str, correlation_id: str, body: dict[str, object] | None
    ) -> httpx.Response | str:
        headers = {CORRELATION_HEADER: quote(correlation_id, safe=_PRINTABLE), LANE_HEADER: self._lane.value}
        patience = self._bulk_patience if self._lane is Lane.BULK else 0.0
        while True:
            try:
                reply = await self._client.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as error:
                return f"the gateway does not answer: {type(error).__name__}"
            wait = _asked_to_wait(reply)
            if wait is None or wait > patience:
                return reply
            patience -= wait
            await self._sleep(wait)


def _failed(provider: str, operation: str, started: float, detail: str) -> Answer:
    latency = _milliseconds_since(started)
    return Answer(provider, operation, Outcome.FAILURE, latency_ms=latency, detail=detail)


def _asked_to_wait(reply: httpx.Response) -> float | None:
    """Seconds until a call that was held back gets through; none when the gateway does not know."""
    if reply.status_code not in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}:
        return None
    given = reply.headers.get("retry-after", "")
    return max(1.0, float(given)) if given.isdecimal() else None


def _storable(content: bytes) -> bytes:
    """Without the NUL character, which PostgreSQL cannot store: one in a name would cost the whole track."""
    if b"\\u0000" not in content:
        return content
    try:
        return orjson.dumps(_without_nul(orjson.loads(content)))
    except orjson.JSONDecodeError:
        return content


def _without_nul(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nul(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    return value.replace("\x00", "") if isinstance(value, str) else value


def _strange(reply: httpx.Response) -> str:
    return f"the gateway gave status {reply.status_code} and no answer of the agreed form"


def _milliseconds_since(started: float) -> float:
    return (time.monotonic() - started) * 1000

"""The gateway in this process, for tests of what enrichment asks it and makes of the answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from unittest.mock import patch

from backend.contracts.gateway import SearchRequest
from backend.http import httpx
from backend.services.api_gateway import assembly
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.providers.building import build_adapters
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from tests.fixtures.provider_simulator import SimulatorHandle


class DirectGateway(GatewayClient):
    """The gateway's providers without the hop over HTTP and without their limits of one call a second."""

    def __init__(self, client: httpx.AsyncClient, providers: dict[str, Provider]) -> None:
        super().__init__(client)
        self._providers = providers

    async def search(
        self, provider: str, artist: str, title: str, isrc: str | None, correlation_id: str
    ) -> Answer:
        query = SearchRequest(artist_name=artist, track_title=title, isrc=isrc, limit=10)
        found = await self._providers[provider].search(query, correlation_id)
        return Answer(provider, "search", found.outcome, tuple(found.results), found.response_id)

    async def track(self, provider: str, track_id: str, correlation_id: str) -> Answer:
        found = await self._providers[provider].track(track_id, correlation_id)
        candidates = (found.data,) if found.data else ()
        return Answer(provider, "track", found.outcome, candidates, found.response_id)

    async def forget(self) -> None:
        """Empty the answer caches."""
        for provider in self._providers.values():
            await provider.forget_answers(None)


@asynccontextmanager
async def direct_gateway(simulator: SimulatorHandle) -> AsyncIterator[DirectGateway]:
    """The gateway's providers over the simulator."""
    settings = GatewaySettings(port=8022, simulator_url=simulator.url)
    adapters = build_adapters(settings, monotonic)
    for adapter in adapters:
        adapter.limit = RateLimit(100_000, 1)
    recorder = Recorder(Database({}, name="never opened"))
    with patch.object(assembly, "build_adapters", lambda *_: adapters):
        async with (
            assembly.open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers,
            httpx.AsyncClient() as client,
        ):
            yield DirectGateway(client, dict(providers))

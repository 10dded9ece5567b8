"""A reset at one replica makes every replica try again what a provider had closed to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.gateway import Outcome, SearchRequest
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.calls.switches import REFUSALS
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.fixtures.redis_server import RedisServer
from tests.fixtures.scripted_provider import Answer, running_scripted_provider
from tests.waiting import wait_until

STROBE = SearchRequest(artist_name="deadmau5", track_title="Strobe")


@pytest.fixture
async def replicas(redis_server: RedisServer) -> AsyncIterator[list[Provider]]:
    """Deezer in two replicas that share a Redis; it has closed its search to both."""
    with running_scripted_provider() as server:
        server.answer = Answer(410)
        settings = GatewaySettings(
            port=8022, simulator_url=server.url, redis_url=SecretStr(redis_server.url), retry_share=0
        )
        async with AsyncExitStack() as stack:
            found = []
            for _ in range(2):
                recorder = Recorder(Database({}, name="never opened"))
                opening = open_providers(settings, recorder, GatewayMetrics(new_registry()))
                found.append((await stack.enter_async_context(opening))["deezer"])
            for provider in found * REFUSALS:
                assert (await provider.search(STROBE, None)).outcome is Outcome.CAPABILITY_GONE
            yield found


async def carried_out(provider: Provider, action: ControlAction, endpoint: str | None = None) -> None:
    request = ControlRequest(action=action, endpoint=endpoint, reason="it is open again", author="ada@desk")
    await provider.control(request)


async def test_a_reset_reaches_what_is_switched_off_in_the_other_replica(replicas: list[Provider]) -> None:
    first, second = replicas
    assert first.switched_off
    await carried_out(first, ControlAction.CLOSE)
    assert not first.switched_off
    await asyncio.to_thread(wait_until, lambda: not second.switched_off)


async def test_other_actions_leave_it_off(replicas: list[Provider]) -> None:
    first, second = replicas
    await carried_out(first, ControlAction.CLOSE, "search")
    await carried_out(first, ControlAction.SHADOW)
    await second.breakers.refresh()
    assert second.breakers.epoch == first.breakers.epoch
    assert first.switched_off
    assert second.switched_off

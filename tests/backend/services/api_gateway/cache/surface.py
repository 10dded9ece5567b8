"""The gateway's searches over answers that lie in Redis, asked by bytes on a connection."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any, TypeVar

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from pydantic import SecretStr
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.contracts.gateway import SearchRequest
from backend.services.api_gateway import assembly
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.at_hand_protocol import at_hand_protocol
from backend.services.api_gateway.breakers.opening import Breakers, open_breakers
from backend.services.api_gateway.cache.answers import entry_for, search_key
from backend.services.api_gateway.cache.shared import SharedCache
from backend.services.api_gateway.gate.limit import Clock
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.plain_searches import PlainSearches
from backend.services.api_gateway.providers.deezer import Deezer
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.routes import api_router
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.api_gateway.shared_redis import open_redis
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.cache.conftest import ABSENT, FOUND, PATIENCE, replica
from tests.backend.services.api_gateway.conversation import Line, Said, converse
from tests.fixtures.postgres import free_port
from tests.fixtures.redis_server import RedisServer

Result = TypeVar("Result")
SEARCH = "/api/deezer/search"


def request(body: bytes, path: str = SEARCH, method: str = "POST", lane: str = "") -> bytes:
    """A request as a plain client writes it; curl calls every body a form."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1:8022",
        "User-Agent: curl/8.5.0",
        "Accept: */*",
        f"Content-Length: {len(body)}",
        "Content-Type: application/x-www-form-urlencoded",
        *([f"X-SongNodes-Lane: {lane}"] if lane else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Surface:
    """The gateway with and without the short way; the providers cannot be reached."""

    loop: asyncio.AbstractEventLoop
    app: FastAPI
    gateway: Gateway
    answers: SharedCache
    short: type[HttpToolsProtocol]

    def keep(self, query: SearchRequest, *, found: bool) -> None:
        """An answer lies in Redis, and after the first request for it in memory."""
        key = search_key("deezer", Deezer.version, query)
        entry = entry_for(FOUND if found else ABSENT, time(), 1_000.0, None)
        self.run(self.answers.put(key, entry))

    def by_route(self, *parts: bytes) -> Said:
        """What uvicorn and the application answer."""
        return self.run(converse(HttpToolsProtocol, self.app, parts))

    def short_way(self, *parts: bytes) -> Said:
        """What is answered with the short way before them."""
        return self.run(converse(self.short, self.app, parts))

    def only_short_way(self, *parts: bytes) -> Said:
        """The same without an application: it must not be asked."""

        async def unreachable(_scope: object, _receive: object, _send: object) -> None:
            raise AssertionError("the application was asked")

        return self.run(converse(self.short, unreachable, parts))

    async def line(self) -> Line:
        """A connection with the short way."""
        return Line(self.short, self.app)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """In the gateway's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=30)

    def hits(self) -> int:
        """Searches answered from the cache so far."""
        return self.gateway.providers["deezer"].cache_status().hits


@asynccontextmanager
async def open_surface(url: SecretStr) -> AsyncIterator[Surface]:
    """Over a Redis that is emptied first."""
    settings = GatewaySettings(port=8022, simulator_url=f"http://127.0.0.1:{free_port()}", redis_url=url)
    recorder = Recorder(Database({}, name="never opened"))
    gateway, app = Gateway("test"), FastAPI()
    app.include_router(api_router(gateway))
    short = at_hand_protocol(PlainSearches(gateway))
    async with open_redis(url, PATIENCE) as redis:
        await redis.client.flushall()
    async with (
        open_providers(settings, recorder, GatewayMetrics(new_registry())) as gateway.providers,
        open_redis(url, PATIENCE) as redis,
    ):
        yield Surface(asyncio.get_running_loop(), app, gateway, replica(redis, time), short)


@contextmanager
def surface_over(redis: RedisServer) -> Iterator[Surface]:
    """Its loop runs in a thread, also while the test itself thinks.

    Breakers are its own: those that are shared draw random numbers now and then, which hypothesis would take
    for its own strategies' doing.
    """

    def own_breakers(_redis: object, clock: Clock) -> AbstractAsyncContextManager[Breakers]:
        return open_breakers(None, clock)

    with pytest.MonkeyPatch.context() as patch, start_blocking_portal() as portal:
        patch.setattr(assembly, "open_breakers", own_breakers)
        patch.setattr(assembly, "open_redis", partial(open_redis, answer_seconds=PATIENCE))
        with portal.wrap_async_context_manager(open_surface(SecretStr(redis.url))) as opened:
            yield opened

"""The short way and the route give the same bytes, whatever is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any, TypeVar

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from starlette.types import ASGIApp

from backend.contracts.gateway import LANE_HEADER, SearchRequest
from backend.services.api_gateway import assembly
from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.cache.answers import entry_for, search_key
from backend.services.api_gateway.cache.shared import SharedCache
from backend.services.api_gateway.cached_searches import CachedSearches
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.providers.deezer import Deezer
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.routes import api_router
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.api_gateway.shared_redis import open_redis
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.cache.conftest import ABSENT, FOUND, PATIENCE, replica
from tests.fixtures.postgres import free_port
from tests.fixtures.redis_server import RedisServer

Result = TypeVar("Result")
SEARCH = "/api/deezer/search"
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


@dataclass
class Surface:
    """The gateway's searches over answers that lie in Redis; the providers cannot be reached."""

    loop: asyncio.AbstractEventLoop
    app: FastAPI
    gateway: Gateway
    answers: SharedCache

    def keep(self, query: SearchRequest, *, found: bool) -> None:
        key = search_key("deezer", Deezer.version, query)
        entry = entry_for(FOUND if found else ABSENT, time(), 1_000.0, None)
        self.run(self.answers.put(key, entry))

    def post(self, *chunks: bytes, path: str = SEARCH, method: str = "POST", lane: bytes = b"") -> Answer:
        return self.run(call(self.app, method, path, chunks, lane))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=30)

    def hits(self) -> int:
        return self.gateway.providers["deezer"].cache_status().hits


async def call(app: ASGIApp, method: str, target: str, chunks: Sequence[bytes], lane: bytes = b"") -> Answer:
    """A request as uvicorn would hand it over, the body in as many messages as there are chunks."""
    last = len(chunks) - 1
    messages = [
        {"type": "http.request", "body": chunk, "more_body": place < last}
        for place, chunk in enumerate(chunks)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = target.partition("?")
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [*headers, (LANE_HEADER.lower().encode(), lane)] if lane else headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(scope, receive, send)
    return sent[0]["status"], sorted(sent[0]["headers"]), b"".join(part["body"] for part in sent[1:])


@asynccontextmanager
async def open_surface(url: SecretStr) -> AsyncIterator[Surface]:
    settings = GatewaySettings(port=8022, simulator_url=f"http://127.0.0.1:{free_port()}", redis_url=url)
    recorder = Recorder(Database({}, name="never opened"))
    gateway, app = Gateway("test"), FastAPI()
    app.include_router(api_router(gateway))
    app.add_middleware(CachedSearches, gateway=gateway)
    async with open_redis(url, PATIENCE) as redis:
        await redis.client.flushall()
    async with (
        open_providers(settings, recorder, GatewayMetrics(new_registry())) as gateway.providers,
        open_redis(url, PATIENCE) as redis,
    ):
        yield Surface(asyncio.get_running_loop(), app, gateway, replica(redis, time))


@pytest.fixture(scope="module")
def surface(redis_process: RedisServer) -> Iterator[Surface]:
    """Its loop runs in a thread, also while the test itself thinks."""
    with pytest.MonkeyPatch.context() as patch, start_blocking_portal() as portal:
        patch.setattr(assembly, "open_redis", partial(open_redis, answer_seconds=PATIENCE))
        with portal.wrap_async_context_manager(open_surface(SecretStr(redis_process.url))) as opened:
            yield opened


def halves(body: bytes) -> tuple[bytes, bytes]:
    """The body in two messages, which the short way leaves to the route."""
    return body[: len(body) // 2], body[len(body) // 2 :]


TEXT = st.text(min_size=1, max_size=12)
ODD = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), TEXT, st.just(""), st.just([]))
ARTIST, TITLE = st.sampled_from(["artist_name", "artist"]), st.sampled_from(["track_title", "title"])
WELL_FORMED = st.builds(
    lambda names, texts, more: {names[0]: texts[0], names[1]: texts[1], **more},
    st.tuples(ARTIST, TITLE),
    st.tuples(TEXT, TEXT),
    st.fixed_dictionaries(
        {}, optional={"isrc": st.none() | TEXT, "limit": st.integers(1, 50), "x": ODD, "artist": TEXT}
    ),
)
ILL_FORMED = st.dictionaries(
    st.sampled_from(["artist_name", "track_title", "artist", "title", "isrc", "limit"]), ODD, max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(body=WELL_FORMED | ILL_FORMED, escaped=st.booleans(), found=st.booleans())
@example(body={"artist": "Björk", "title": "Jóga \u2028 \x7f \x00 😀"}, escaped=False, found=True)
@example(body={"artist_name": "a", "artist": "b", "title": "c", "limit": "5"}, escaped=True, found=True)
@example(body={"artist": "a", "title": "b", "limit": 5.0}, escaped=True, found=False)
def test_both_ways_give_the_same_bytes(
    surface: Surface, body: dict[str, Any], escaped: bool, found: bool
) -> None:
    raw = json.dumps(body, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    try:
        surface.keep(SearchRequest.model_validate_json(raw), found=found)
        is_search = True
    except ValidationError:
        is_search = False
    surface.post(raw)  # brings the answer from Redis into memory
    route, short = surface.post(*halves(raw)), surface.post(raw)
    assert short == route
    assert short[0] == (200 if is_search else 422)
    if is_search:
        assert json.loads(short[2])["cached"] is True


@pytest.mark.parametrize(
    "raw",
    [
        b'{"artist":"a","title":"b","title":"c"}',
        b'{"artist":"a","title":"b","x":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"artist":"a","title":"\\ud800"}',
        b'{"artist":"a","title":"\xff"}',
        b'\xef\xbb\xbf{"artist":"a","title":"b"}',
        b' \n{"artist":"a","title":"b"} ',
        b'{"artist":"a","title":"b"}x',
        b"null",
        b" ",
    ],
)
def test_both_ways_agree_on_what_is_json(surface: Surface, raw: bytes) -> None:
    for title in ("b", "c"):
        surface.keep(SearchRequest(artist_name="a", track_title=title), found=True)
        surface.post(json.dumps({"artist": "a", "title": title}).encode())
    assert surface.post(raw) == surface.post(*halves(raw))


@pytest.mark.parametrize(
    ("lane", "query", "status"),
    [
        (b"bulk", "", 200),
        (b"interactive", "", 200),
        (b" Bulk ", "", 200),
        (b"fast", "", 422),
        (b"", "?priority=3", 200),
        (b"", "?priority=99", 422),
    ],
)
def test_a_lane_that_does_not_exist_is_refused_with_or_without_the_cache(
    surface: Surface, lane: bytes, query: str, status: int
) -> None:
    surface.keep(SearchRequest(artist_name="In", track_title="Lane"), found=True)
    raw = b'{"artist":"In","title":"Lane"}'
    surface.post(raw)
    short = surface.post(raw, path=SEARCH + query, lane=lane)
    assert short == surface.post(*halves(raw), path=SEARCH + query, lane=lane)
    assert short[0] == status


def test_the_short_way_asks_no_route(surface: Surface) -> None:
    """It is the short way that the other tests compare: the route is not reached."""
    surface.keep(SearchRequest(artist_name="Short", track_title="Way"), found=True)
    raw = b'{"artist":"Short","title":"Way"}'
    surface.post(raw)
    before = surface.hits()

    async def unreachable(*_: object) -> None:
        raise AssertionError("the route was asked")

    bare = CachedSearches(unreachable, surface.gateway)
    status, _, body = surface.run(call(bare, "POST", SEARCH, [raw]))
    assert (status, json.loads(body)["results"][0]["title"]) == (200, "Strobe")
    assert surface.hits() == before + 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/deezer/search", 405),
        ("POST", "/api/deezer/search/", 307),
        ("POST", "/api/tidal/search", 404),
        ("POST", "/api/deezer/look", 404),
    ],
)
def test_what_is_no_search_goes_to_the_routes(surface: Surface, method: str, path: str, status: int) -> None:
    assert surface.post(b'{"artist":"Short","title":"Way"}', path=path, method=method)[0] == status


def test_the_route_stays_documented(surface: Surface) -> None:
    described = surface.app.openapi()["paths"]["/api/{provider}/search"]["post"]
    assert "artist_name" in described["requestBody"]["content"]["application/json"]["schema"]["properties"]

"""Searches that no cache answers, on the short way before uvicorn."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from backend.contracts.gateway import Lane, Outcome, SearchRequest, SearchResponse
from backend.services.api_gateway.at_hand_protocol import at_hand_protocol
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.plain_searches import PlainSearches
from backend.services.api_gateway.provider import Provider
from tests.backend.services.api_gateway.cache.surface import SEARCH, Surface, request, surface_over
from tests.backend.services.api_gateway.conversation import Line, converse
from tests.fixtures.redis_server import RedisServer

BODY = b'{"artist_name":"deadmau5","track_title":"Strobe"}'
OTHER = b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n"


class Slow:
    """A short way that has nothing at hand and answers once the test lets it."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.asked = 0

    def __call__(self, _target: bytes, _head: bytes, body: bytes) -> Coroutine[Any, Any, Response]:
        self.asked += 1
        return self._answer(body)

    async def _answer(self, body: bytes) -> Response:
        await self.may_answer.wait()
        if body == b"{}":
            raise RuntimeError("a defect")
        return JSONResponse({"asked": len(body)})


async def other(scope: Scope, receive: Receive, send: Send) -> None:
    """The application, for what is not on the short way."""
    await PlainTextResponse("other")(scope, receive, send)


def line_over(slow: Slow) -> Line:
    return Line(at_hand_protocol(slow), other)


async def test_what_comes_behind_a_search_is_answered_after_it() -> None:
    slow = Slow()
    line = line_over(slow)
    line.send(request(BODY))
    line.send(OTHER + request(BODY)[:9])
    line.send(request(BODY)[9:])
    await asyncio.sleep(0)
    assert (slow.asked, line.wire.written) == (1, [])
    slow.may_answer.set()
    await line.settle()
    await line.settle()
    said = await line.hang_up()
    assert said.statuses == [200, 200, 200]
    bodies = [part.partition(b"\r\n\r\n")[2] for part in said.text.split(b"HTTP/1.1 ")[1:]]
    assert bodies == [b'{"asked":49}', b"other", b"other"]  # two at once are uvicorn's


async def test_a_server_that_ends_answers_what_is_being_fetched_and_closes() -> None:
    slow = Slow()
    line = line_over(slow)
    line.send(request(BODY))
    line.protocol.shutdown()
    assert not line.wire.is_closing()
    slow.may_answer.set()
    await line.settle()
    said = await line.hang_up()
    assert (said.statuses, said.closed) == ([200], True)


async def test_a_client_that_is_gone_is_not_written_to() -> None:
    slow = Slow()
    line = line_over(slow)
    line.send(request(BODY))
    line.wire.close()
    line.protocol.connection_lost(None)
    slow.may_answer.set()
    await line.settle()
    assert line.wire.written == []
    assert line.state.total_requests == 0


async def test_a_defect_is_answered_with_500_and_the_connection_closed() -> None:
    slow = Slow()
    slow.may_answer.set()
    line = line_over(slow)
    line.send(request(b"{}"))
    await line.settle()
    said = await line.hang_up()
    assert (said.statuses, said.body, said.closed) == ([500], b"Internal Server Error", True)


async def test_a_search_that_the_server_cancels_closes_its_connection() -> None:
    line = line_over(Slow())
    line.send(request(BODY))
    await asyncio.sleep(0)
    for task in line.state.tasks:
        task.cancel()
    await asyncio.wait(line.state.tasks)
    assert line.wire.is_closing()


@pytest.fixture(scope="module")
def surface(redis_process: RedisServer) -> Any:
    with surface_over(redis_process) as opened:
        yield opened


def test_an_answer_without_the_cache_is_that_of_the_route(surface: Surface) -> None:
    """The Cover Art Archive has no search: it says so without being called."""
    sent = request(BODY, path=SEARCH.replace("deezer", "coverartarchive"))
    told = surface.only_short_way(sent)
    assert told.statuses == [400]
    assert told == surface.by_route(sent)


class Noting:
    """Stands for a provider, and notes what it is asked with."""

    asked: tuple[SearchRequest, str | None, Lane]

    def search_at_hand(self, _asked: object) -> None:
        return None

    async def search(self, query: SearchRequest, correlation_id: str | None, lane: Lane) -> SearchResponse:
        self.asked = query, correlation_id, lane
        return SearchResponse(
            status="partial", provider="deezer", query={}, outcome=Outcome.NOT_FOUND, results=[]
        )


@pytest.mark.parametrize(
    ("headers", "correlation", "lane"),
    [
        ("", None, Lane.INTERACTIVE),
        ("X-SongNodes-Lane: bulk\r\n", None, Lane.BULK),
        ("x-songnodes-lane: Interactive\r\nx-correlation-id:  a b \r\n", "a b", Lane.INTERACTIVE),
        ("X-Correlation-ID: " + "x" * 300 + "\r\nX-SongNodes-Lane: BULK\r\n", "x" * 200, Lane.BULK),
        ("X-Correlation-ID:  \r\n", None, Lane.INTERACTIVE),
        ("X-Correlation-ID: first\r\nX-Correlation-ID: second\r\n", "first", Lane.INTERACTIVE),
    ],
)
async def test_lane_and_correlation_come_from_the_headers(
    headers: str, correlation: str | None, lane: Lane
) -> None:
    gateway, provider = Gateway("test"), Noting()
    gateway.providers = {"deezer": cast("Provider", provider)}
    head, body = request(BODY).split(b"\r\n\r\n")
    sent = head + b"\r\n" + headers.encode() + b"\r\n" + body
    said = await converse(at_hand_protocol(PlainSearches(gateway)), other, [sent])
    assert said.statuses == [200]
    assert provider.asked == (SearchRequest(artist_name="deadmau5", track_title="Strobe"), correlation, lane)

"""Bytes on a connection get the same answer with the short way before uvicorn as without it."""

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.contracts.gateway import SearchRequest
from backend.services.api_gateway.at_hand_protocol import LARGEST_BODY
from tests.backend.services.api_gateway.cache.surface import SEARCH, Surface, request, surface_over
from tests.backend.services.api_gateway.conversation import Line
from tests.fixtures.redis_server import RedisServer

BODY = b'{"artist_name":"deadmau5","track_title":"Strobe"}'
HIT = request(BODY)
OTHER = request(b'{"artist_name":"deadmau5","track_title":"Strobe"} ', lane="bulk")
NO_SEARCH = request(b"{}")
NO_ROUTE = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
KEEP_ALIVE_SECONDS = 5.0


@pytest.fixture(scope="module")
def surface(redis_process: RedisServer) -> Iterator[Surface]:
    """Holds the answer to `HIT` in memory."""
    with surface_over(redis_process) as opened:
        opened.keep(SearchRequest(artist_name="deadmau5", track_title="Strobe"), found=True)
        assert opened.by_route(HIT).statuses == [200]
        yield opened


def head(*lines: str, body: bytes = BODY, start: str = f"POST {SEARCH} HTTP/1.1", end: str = "\r\n") -> bytes:
    """A request with these headers, its length included unless they say it."""
    named = any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines)
    length = [] if named else [f"Content-Length: {len(body)}"]
    return end.join([start, *length, *lines, "", ""]).encode("latin-1") + body


ODD = {
    "no header but the length": head(),
    "lower-case names": head("host: a", "connection: Keep-Alive"),
    "JSON as its type": head("Content-Type: application/json", "Host: a"),
    "HTTP/1.0": head(start=f"POST {SEARCH} HTTP/1.0"),
    "HTTP/1.0 kept alive": head("Connection: keep-alive", start=f"POST {SEARCH} HTTP/1.0"),
    "HTTP/2.0": head(start=f"POST {SEARCH} HTTP/2.0"),
    "not kept alive": head("Connection: close"),
    "kept alive and not": head("Connection: keep-alive", "Connection: close"),
    "a foreign header": head("Authorization: Bearer x", "Cookie: a=b"),
    "the body announced": head("Expect: 100-continue"),
    "chunks": head("Transfer-Encoding: chunked", body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "chunks with a length": head("Content-Length: 3", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "two lengths": head(f"Content-Length: {len(BODY)}", f"Content-Length: {len(BODY)}"),
    "two different lengths": head(f"Content-Length: {len(BODY)}", "Content-Length: 3"),
    "a length too short": head(f"Content-Length: {len(BODY) - 1}") + HIT,
    "a signed length": head(f"Content-Length: +{len(BODY)}"),
    "a length in zeros": head(f"Content-Length: 00{len(BODY)}"),
    "no length": head("Content-Length: "),
    "no body": head(body=b""),
    "an upgrade": head("Connection: upgrade", "Upgrade: websocket"),
    "an upgrade not meant": head("Upgrade: h2c"),
    "a name in front of a space": head("Host : a"),
    "no space behind the colon": head("Host:a"),
    "a folded header": head("Host: a", " b"),
    "a header of Latin letters": head("User-Agent: Björk"),
    "a zero byte in a header": head("User-Agent: a\0b"),
    "bare line feeds": head("Host: a", end="\n"),
    "a method in lower case": head(start=f"post {SEARCH} HTTP/1.1"),
    "a HEAD": head(start=f"HEAD {SEARCH} HTTP/1.1"),
    "a GET": head(start=f"GET {SEARCH} HTTP/1.1"),
    "a whole address": head(start=f"POST http://a{SEARCH} HTTP/1.1"),
    "an escaped letter": head(start="POST /api/dee%7aer/search HTTP/1.1"),
    "a question": head(start=f"POST {SEARCH}?priority=1 HTTP/1.1"),
    "an unknown provider": head(start="POST /api/tidal/search HTTP/1.1"),
    "a name with a slash": head(start="POST /api/deezer/x/search HTTP/1.1"),
    "lines before it": b"\r\n\r\n" + HIT,
    "bytes that are no HTTP": b"\x16\x03\x01" + HIT,
    "no JSON": request(b"artist=deadmau5&title=Strobe"),
    "no UTF-8": request(b'{"artist":"deadmau5","title":"\xff"}'),
    "many spaces": request(BODY + b" " * (LARGEST_BODY - len(BODY))),
    "a long body": request(BODY + b" " * (LARGEST_BODY - len(BODY) + 1)),
    "a huge body": request(BODY + b" " * 70_000),
    "one after the other": HIT + OTHER + HIT,
    "others in between": HIT + NO_SEARCH + HIT + NO_ROUTE + HIT,
    "no HTTP behind it": HIT + b"nonsense\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_requests_get_the_same_answer_however_they_are_cut(surface: Surface, name: str) -> None:
    sent, dice = ODD[name], random.Random(name)
    whole = surface.by_route(sent)
    assert surface.short_way(sent) == whole
    for _ in range(5):
        cuts = sorted(dice.sample(range(1, len(sent)), 3))
        parts = [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
        assert surface.short_way(*parts) == surface.by_route(*parts)


@pytest.mark.parametrize("cut", range(1, len(HIT), 4))
def test_a_search_in_two_parts_gets_the_answer_of_a_whole_one(surface: Surface, cut: int) -> None:
    assert surface.short_way(HIT[:cut], HIT[cut:]) == surface.by_route(HIT)


def test_a_search_whose_head_comes_first_needs_no_application(surface: Surface) -> None:
    """So that Python's HTTP clients, which send head and body apart, have the short way too."""
    body = HIT.index(BODY)
    assert surface.only_short_way(HIT[:body], HIT[body:-5], HIT[-5:]).statuses == [200]


def test_searches_and_other_requests_take_turns_on_a_connection(surface: Surface) -> None:
    async def turns() -> bytes:
        line = await surface.line()
        for sent in (HIT, NO_SEARCH, HIT, NO_ROUTE, OTHER):
            line.send(sent)
            await line.settle()
        return (await line.hang_up()).text

    parts = [surface.by_route(sent).text for sent in (HIT, NO_SEARCH, HIT, NO_ROUTE, OTHER)]
    assert surface.run(turns()) == b"".join(parts)


@pytest.mark.parametrize(
    "parts",
    [(HIT, b"\r\n", HIT), (HIT, HIT[:2], HIT[2:]), (ODD["an upgrade"], HIT), (ODD["not kept alive"], HIT)],
    ids=["an empty line", "two letters", "an upgrade", "an end"],
)
def test_what_came_before_on_a_connection_makes_no_difference(
    surface: Surface, parts: tuple[bytes, ...]
) -> None:
    assert surface.short_way(*parts) == surface.by_route(*parts)


@pytest.mark.parametrize("kind", ["by uvicorn", "the short way"])
def test_a_server_that_ends_answers_what_it_has_begun_to_read(surface: Surface, kind: str) -> None:
    async def end() -> tuple[list[int], bool, bool]:
        line = Line(HttpToolsProtocol if kind == "by uvicorn" else surface.short, surface.app)
        line.send(HIT[:-5])
        line.protocol.shutdown()
        closed_at_once = line.wire.is_closing()
        line.send(HIT[-5:])
        await line.settle()
        said = await line.hang_up()
        return said.statuses, said.closed, closed_at_once

    assert surface.run(end()) == ([200], True, False)


def test_a_server_that_ends_closes_a_connection_between_two_searches(surface: Surface) -> None:
    async def end() -> bool:
        line = await surface.line()
        line.send(HIT)
        line.protocol.shutdown()
        return (await line.hang_up()).closed

    assert surface.run(end())


def test_a_client_that_does_not_read_is_not_written_to(surface: Surface) -> None:
    async def wait() -> tuple[int, list[int]]:
        line = await surface.line()
        line.protocol.pause_writing()
        line.send(HIT)
        await asyncio.sleep(0)
        unread = len(line.wire.written)
        line.protocol.resume_writing()
        await line.settle()
        return unread, (await line.hang_up()).statuses

    assert surface.run(wait()) == (0, [200])


class Timers:
    """The loop's clock, which a test puts forward, and its timers."""

    def __init__(self) -> None:
        self.now = 100.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> object:
        """What it gives cannot be cancelled: no answer from memory needs that."""
        self._due.append((self.now + seconds, call))
        return object()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for moment, call in [*self._due]:
            if moment <= self.now:
                self._due.remove((moment, call))
                call()


def test_a_connection_is_closed_once_it_was_idle_for_long(surface: Surface) -> None:
    async def idle() -> list[bool]:
        line, timers = await surface.line(), Timers()
        vars(line.protocol)["loop"] = timers
        closed = []
        for seconds in (KEEP_ALIVE_SECONDS - 1, KEEP_ALIVE_SECONDS - 1, KEEP_ALIVE_SECONDS):
            line.send(HIT)
            timers.pass_time(seconds)
            closed.append(line.wire.is_closing())
        return closed

    assert surface.run(idle()) == [False, False, True]

"""The HTTP client of the providers, over real sockets."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import attrs
import pytest
from pydantic import SecretStr

from backend.services.api_gateway import provider_http
from backend.services.api_gateway.outcomes import HttpAnswer
from backend.services.api_gateway.provider_http import (
    CallFailedError,
    UnreachableError,
    open_http,
    trusted_authorities,
)
from backend.services.api_gateway.providers.adapter import ProviderRequest
from tests.fixtures.postgres import free_port

EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Wire:
    """A server that answers with given bytes and then hangs up, or keeps the connection."""

    answer: bytes = EMPTY
    keep: bool = False
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    ended: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.ended.append(asyncio.get_running_loop().create_task(self._answer_all(reader, writer)))

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            self.requests.append(head)
            writer.write(self.answer)
            if not self.keep:
                break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@asynccontextmanager
async def wire(answer: bytes = EMPTY, *, keep: bool = False) -> AsyncIterator[Wire]:
    one = Wire(answer, keep)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    async with server:
        yield one
        await asyncio.gather(*one.ended)


def request(url: str, **more: object) -> ProviderRequest:
    return ProviderRequest("search", url, lambda _payload: (), **more)  # type: ignore[arg-type]


async def send(url: str, **more: object) -> HttpAnswer:
    async with open_http(trusted_authorities()) as http:
        return await http.send(request(url, **more))


async def test_a_compressed_answer_is_read_with_its_headers_in_any_case() -> None:
    body = gzip.compress(b'{"data":[]}')
    fields = f"Content-Encoding: gzip\r\nRetry-After: 7\r\nContent-Length: {len(body)}\r\n\r\n"
    async with wire(f"HTTP/1.1 429 Slow\r\n{fields}".encode() + body) as one:
        answer = await send(one.url)
    assert (answer.status, answer.body, answer.headers.get("retry-after")) == (429, b'{"data":[]}', "7")


async def test_an_answer_that_unpacks_to_more_than_memory_should_hold_is_given_up() -> None:
    body = gzip.compress(bytes(provider_http.LARGEST_ANSWER + 1))
    fields = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    async with wire(f"HTTP/1.1 200 OK\r\n{fields}".encode() + body) as one:
        with pytest.raises(CallFailedError, match="over 8 MiB"):
            await send(one.url)


async def test_parameters_are_sent_as_the_secret_filter_expects_them() -> None:
    async with wire() as one:
        await send(
            f"{one.url}/ws/2/caf%C3%A9%2Fx",
            params={"q": 'artist:"a+b & c" ü'},
            secret_params={"key": SecretStr("k/=+ü")},
            headers={"User-Agent": "tests/1"},
        )
    line, *headers = one.requests[0].decode().split("\r\n")
    path = "/ws/2/caf%C3%A9%2Fx?q=artist%3A%22a%2Bb+%26+c%22+%C3%BC&key=k%2F%3D%2B%C3%BC"
    assert line == f"GET {path} HTTP/1.1"
    assert "User-Agent: tests/1" in headers


async def test_a_connection_serves_many_calls() -> None:
    async with wire(keep=True) as one, open_http(trusted_authorities()) as http:
        for _ in range(5):
            await http.send(request(one.url))
        assert (len(one.requests), one.connections) == (5, 1)


async def test_a_redirect_is_followed_only_when_the_request_says_so() -> None:
    async with wire(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as there:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {there.url}/x\r\nContent-Length: 0\r\n\r\n".encode()
        async with wire(moved) as here:
            assert (await send(here.url)).status == 307
            assert (await send(here.url, follow_redirects=True)).status == 200


async def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        await send(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UnreachableError):
        await send("http://no-such-host.invalid")


async def test_what_does_not_speak_tls_is_unreachable() -> None:
    async with wire(b"plain text") as one:
        with pytest.raises(UnreachableError):
            await send(one.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoo short",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nno gzip!",
    ],
    ids=["hang up", "no HTTP", "cut off", "not compressed"],
)
async def test_a_broken_answer_is_a_failed_call_that_tells_no_address(answer: bytes) -> None:
    async with wire(answer) as one:
        with pytest.raises(CallFailedError) as told:
            await send(one.url, secret_params={"key": SecretStr("sentinel")})
    assert not isinstance(told.value, UnreachableError)
    assert "sentinel" not in str(told.value)
    assert "127.0.0.1" not in str(told.value)


async def test_silence_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = attrs.evolve(provider_http.TIMEOUT, sock_read=0.05)
    monkeypatch.setattr(provider_http, "TIMEOUT", impatient)
    async with wire(b"", keep=True) as one:
        with pytest.raises(TimeoutError):
            await send(one.url)


def test_authorities_are_known_also_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")
    assert trusted_authorities().cert_store_stats()["x509_ca"] > 50

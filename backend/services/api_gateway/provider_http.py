"""How calls reach the providers: the one place where their HTTP client is imported.

aiohttp and not httpx: on calls that no cache answers httpx took twenty times as much CPU, which was most of
what the gateway added to them (`tests/benchmarks/uncached_latency.py`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from ssl import SSLContext
from urllib.parse import quote_plus
from urllib.request import getproxies

import aiohttp
from yarl import URL

from backend.http import httpx
from backend.services.api_gateway.outcomes import HttpAnswer
from backend.services.api_gateway.providers.adapter import ProviderRequest

TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5.0, sock_connect=3.0, sock_read=10.0)
"""Seconds for a connection with the look-up of its address, for each of its addresses, between two reads."""

_REMEMBERED = 256
"""Addresses without parameters; searches have a handful of them."""
LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes; the largest that providers are known to send are a hundredth of it."""


class CallFailedError(Exception):
    """The connection broke, or what came over it was no HTTP. The text names the kind of error only."""


class UnreachableError(CallFailedError):
    """No connection came about: address, network or TLS."""


class ProviderHttp:
    """Connections to one provider, kept open between calls."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, request: ProviderRequest) -> HttpAnswer:
        """The provider's answer, whatever its status. Raises CallFailedError or TimeoutError."""
        try:
            async with self._session.request(
                request.method,
                _address(request),
                headers=request.headers,
                data=request.form,
                allow_redirects=request.follow_redirects,
            ) as response:
                return HttpAnswer(response.status, response.headers, await _body(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UnreachableError(type(error).__name__) from error
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailedError(type(error).__name__) from error


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, unpacked. One that is too large is given up, lest it fill the memory."""
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise CallFailedError(f"an answer over {LARGEST_ANSWER >> 20} MiB")
        parts.append(part)
    return b"".join(parts)


def _address(request: ProviderRequest) -> URL:
    """Parameters encoded as `without_secrets` expects them, should an error page repeat the address."""
    query = "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in request.query().items()])
    return URL(f"{_encoded(request.url)}?{query}", encoded=True) if query else URL(request.url)


def _quoted(text: str) -> str:
    """Most parameters are plain words, which need no look at each letter."""
    return text if text.isalnum() and text.isascii() else quote_plus(text)


@lru_cache(_REMEMBERED)
def _encoded(url: str) -> str:
    return str(URL(url))


def trusted_authorities() -> SSLContext:
    """The certificates that come with httpx, or those SSL_CERT_FILE names: a bare machine has none itself.

    Reading them takes a while: make it once for all providers.
    """
    return httpx.create_ssl_context()


@asynccontextmanager
async def open_http(trust: SSLContext) -> AsyncIterator[ProviderHttp]:
    """A client, through the system's proxy if there is one. The gate limits how many calls run at once."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=trust),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=TIMEOUT,
        trust_env=bool(getproxies()),
    ) as session:
        yield ProviderHttp(session)

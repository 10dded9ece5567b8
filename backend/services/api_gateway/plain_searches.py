"""The short way of searches: no routing and no layers of an application around them.

An answer that this process holds is given at once, from stored bytes; any other is the one that
`POST /api/{provider}/search` gives, which also documents it and says what is wrong with a request.
"""

import re
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from backend.contracts.gateway import LANE_HEADER, Lane
from backend.services.api_gateway.cached_bodies import Asked, read_search
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.routes import correlation_id_in, respond

_START, _END = b"/api/", b"/search"
_REMEMBERED = 4_096
"""Bodies that are not read again, a few hundred bytes each; every provider is asked with the same."""
_LANE = re.compile(rb"(?i)\r\n%b: *([a-z]+) *\r\n" % LANE_HEADER.encode())
_CORRELATION = re.compile(rb"(?i)\r\nX-Correlation-ID: ([ -~]*)\r\n")


class PlainSearches:
    """What `AtHandProtocol` answers with."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._read = lru_cache(_REMEMBERED)(read_search)

    def __call__(
        self, target: bytes, head: bytes, body: bytes
    ) -> bytes | Coroutine[Any, Any, Response] | None:
        """The answer from memory, or what fetches it; none when the request is not as it should be."""
        if not (target.startswith(_START) and target.endswith(_END)):
            return None
        provider = self._gateway.providers.get(target[len(_START) : -len(_END)].decode())
        if provider is None:
            return None
        try:
            asked = self._read(body)
        except ValidationError:
            return None  # the route says what is wrong with it
        found = provider.search_at_hand(asked)
        return _ask(provider, asked, head) if found is None else found


async def _ask(provider: Provider, asked: Asked, head: bytes) -> Response:
    lane, correlation = _LANE.search(head), _CORRELATION.search(head)
    named = Lane.INTERACTIVE if lane is None else Lane(lane[1].decode().lower())
    given = "" if correlation is None else correlation[1].decode()
    return respond(await provider.search(asked.query, correlation_id_in(given), named))

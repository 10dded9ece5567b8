"""The short way of a search whose answer this process holds: no routing, no models of results, stored bytes.

It answers nothing but that; all else goes on to `POST /api/{provider}/search`, which also documents it.
"""

from functools import lru_cache

from pydantic import ValidationError

from backend.services.api_gateway.cached_bodies import read_search
from backend.services.api_gateway.gateway import Gateway

_START, _END = b"/api/", b"/search"
_REMEMBERED = 4_096
"""Bodies that are not read again, a few hundred bytes each; every provider is asked with the same."""


class CachedSearches:
    """What `AtHandProtocol` answers with."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._read = lru_cache(_REMEMBERED)(read_search)

    def __call__(self, target: bytes, body: bytes) -> bytes | None:
        """The answer from memory; none when there is none, or the request is not as it should be."""
        if not (target.startswith(_START) and target.endswith(_END)):
            return None
        provider = self._gateway.providers.get(target[len(_START) : -len(_END)].decode())
        if provider is None:
            return None
        try:
            search = self._read(body)
        except ValidationError:
            return None  # the route says what is wrong with it
        return provider.search_at_hand(search)

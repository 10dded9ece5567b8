"""The short way of a search whose answer this process holds: no routing, no models of results, stored bytes.

It stands before the routes and answers nothing but that; all else goes on to `POST /api/{provider}/search`,
which also documents it.
"""

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.contracts.gateway import LANE_HEADER, Lane, SearchRequest
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.routes import LARGEST_BODY

_START, _END = "/api/", "/search"
_LANE = LANE_HEADER.lower().encode()
_LANES = {lane.encode() for lane in Lane}


class CachedSearches:
    """ASGI middleware before the gateway's application."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or let the application do it."""
        provider = self._searched(scope)
        if provider is None:
            await self._app(scope, receive, send)
            return
        message = await receive()
        body = _answer(provider, message)
        if body is None:
            await self._app(scope, _again(message, receive), send)
            return
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _searched(self, scope: Scope) -> Provider | None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            return None
        path: str = scope["path"]
        if not (path.startswith(_START) and path.endswith(_END)):
            return None
        for name, value in scope["headers"]:
            if name == _LANE and value not in _LANES:
                return None  # perhaps no lane at all: the route says so
        return self._gateway.providers.get(path[len(_START) : -len(_END)])


def _answer(provider: Provider, message: Message) -> bytes | None:
    body: bytes = message.get("body", b"")
    if message.get("more_body", False) or not 0 < len(body) <= LARGEST_BODY:
        return None
    try:
        query = SearchRequest.model_validate_json(body)
    except ValidationError:
        return None  # the route says what is wrong with it
    return provider.search_at_hand(query)


def _again(message: Message, receive: Receive) -> Receive:
    """A `receive` that gives `message` first: it was taken to look at it."""
    taken = [message]

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again

"""Servers that benchmarks start: `python -m tests.benchmarks.servers upstream|bare|gateway PORT`.

`upstream` answers like Deezer, UPSTREAM_LEAST_MS to UPSTREAM_MOST_MS after it was asked, at no cost worth
naming. `bare` answers every request with the bytes of the file in BARE_BODY. `gateway` is the gateway, with
Deezer's limit lifted.
"""

import asyncio
import os
import sys
from pathlib import Path

import orjson
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.services.api_gateway.app import create_app
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gateway import SERVICE
from backend.services.api_gateway.providers.deezer import Deezer
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.server import serve
from backend.services.common.telemetry import configure_telemetry

_TRACK = {
    "id": 70079770,
    "title": "Strobe",
    "title_version": "(Original Mix)",
    "link": "https://www.deezer.com/track/70079770",
    "duration": 637,
    "rank": 651_234,
    "explicit_lyrics": False,
    "artist": {"id": 1, "name": "deadmau5"},
    "album": {
        "id": 2,
        "title": "For Lack of a Better Name",
        "cover_xl": f"https://cdn.example/{'c' * 40}.jpg",
    },
}
_GOLDEN = (5**0.5 - 1) / 2
"""Its multiples fill any range evenly, so that a median of few answers is as good as one of many."""
TRACKS = 4
"""So many that an answer has about 1.8 kB, as that of the reference measurement."""


def upstream() -> ASGIApp:
    """Deezer, counting the requests; `/count` says how many there were."""
    body = orjson.dumps({"data": [{**_TRACK, "id": number} for number in range(TRACKS)], "total": TRACKS})
    least, most = (float(os.environ.get(f"UPSTREAM_{name}_MS", "20")) / 1000 for name in ("LEAST", "MOST"))
    asked = 0

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal asked
        if scope["type"] != "http":
            return
        if scope["path"] == "/count":
            await _send(send, str(asked).encode())
            return
        asked += 1
        await asyncio.sleep(least + (most - least) * (asked * _GOLDEN % 1))
        await _send(send, body)

    return answer


def bare(body: bytes) -> ASGIApp:
    """No framework and no work: what the server itself costs."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await receive()
            await _send(send, body)

    return answer


def gateway() -> FastAPI:
    """The gateway as it is, but for the limit of one provider."""
    Deezer.limit = RateLimit(calls=1_000_000, seconds=1.0)
    settings = GatewaySettings()
    configure_telemetry(SERVICE, settings)
    return create_app(settings)


async def _send(send: Send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until told to stop."""
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "upstream":
        serve(upstream(), "127.0.0.1", port)
    elif kind == "bare":
        serve(bare(Path(os.environ["BARE_BODY"]).read_bytes()), "127.0.0.1", port)
    else:
        app = gateway()
        serve(app, "127.0.0.1", port, app.state.end_streams, app.state.protocol)


if __name__ == "__main__":
    main()

"""Runs an ASGI application as a service process."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from socket import socket
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 10
"""How long requests in flight may take to end after a SIGTERM."""

_log = structlog.get_logger()


_STARTUP_FAILURE = 3
"""Exit code when the server could not start, for example because its port is taken; as uvicorn has it."""


_ALLOCATIONS = 20_000
"""Objects made and not freed until the garbage collector looks for cycles; Python's own is 700."""


def _nothing() -> None:
    """Nothing has to be ended."""


class _Server(uvicorn.Server):
    """Clears up once all is built, and tells the application that it ends before waiting for requests."""

    def __init__(self, config: uvicorn.Config, before_shutdown: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        _spare_the_garbage_collector()
        ports = [one.getsockname()[1] for server in self.servers for one in server.sockets]
        _log.info("listening", host=self.config.host, ports=ports)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._before_shutdown()
        await super().shutdown(sockets)


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    before_shutdown: Callable[[], None] = _nothing,
    protocol: type[asyncio.Protocol] | str = "httptools",
) -> None:
    """Serve until SIGTERM or SIGINT, let requests in flight end, run the shutdown hooks, and return.

    Port 0 takes a free one; the log says which. `before_shutdown` is called first of all: it ends requests
    that would go on for ever. `protocol` is uvicorn's HTTP protocol. uvicorn raises the signal again after an
    orderly end, which would make the exit code 143; with the handler below the process ends with 0, so that a
    supervisor can tell an orderly end from a death.
    """
    signal.signal(signal.SIGTERM, _ended_in_order)
    signal.signal(signal.SIGINT, _ended_in_order)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto" if sys.platform == "win32" else "uvloop",
        http=protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the caller is
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, before_shutdown)
    server.run()
    if not server.started:
        sys.exit(_STARTUP_FAILURE)


def _spare_the_garbage_collector() -> None:
    """Let it look at what requests leave behind, not at modules and routes again and again.

    It took a fifth of the gateway's CPU under load, in pauses of up to 170 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)


def _ended_in_order(_number: int, _frame: FrameType | None) -> None:
    """Take the signal that uvicorn raises again once it has shut down."""

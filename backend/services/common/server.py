"""Runs an ASGI application as a service process."""

import signal
import sys
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 10
"""How long requests in flight may take to end after a SIGTERM."""


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, let requests in flight end, run the shutdown hooks, and return.

    uvicorn raises the signal again after an orderly end, which would make the exit code 143; with the
    handler below the process ends with 0, so that a supervisor can tell an orderly end from a death.
    """
    signal.signal(signal.SIGTERM, _ended_in_order)
    signal.signal(signal.SIGINT, _ended_in_order)
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="auto" if sys.platform == "win32" else "uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _ended_in_order(_number: int, _frame: FrameType | None) -> None:
    """Take the signal that uvicorn raises again once it has shut down."""

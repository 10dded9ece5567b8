"""Prometheus metrics of one process, at `/metrics` without a redirect."""

import asyncio
from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def new_registry() -> CollectorRegistry:
    """A registry of its own for each application, with the process's memory, CPU and garbage figures."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _nothing() -> None:
    """Nothing has to be looked up."""


def metrics_route(registry: CollectorRegistry, refresh: Callable[[], None] = _nothing) -> Route:
    """The route `GET /metrics`. Rendering happens in a thread: it takes milliseconds with many series.

    `refresh` runs in the event loop before each reading, for figures that are looked up and not counted.
    """

    async def metrics(_request: Request) -> Response:
        refresh()
        body = await asyncio.to_thread(generate_latest, registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics, methods=["GET"])

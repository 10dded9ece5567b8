"""Looking at the providers: as they are, as they change, as they were. Looking is free."""

from typing import Annotated

import structlog
from fastapi import APIRouter, HTTPException, Query
from starlette.responses import StreamingResponse

from backend.contracts.gateway import CacheStatus
from backend.contracts.live import LiveProviders, ProviderHistory
from backend.services.api_gateway.control_store import DATABASE_ERRORS
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.history import SLICE_SECONDS

EVENT_STREAM = "text/event-stream"
_NOT_KEPT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A proxy in between must neither keep the stream nor hold it back."""
_RANGES = ", ".join(map(str, SLICE_SECONDS))
Minutes = Annotated[int, Query(description=f"Length of the range: {_RANGES}.")]

_log = structlog.get_logger()


def live_router(gateway: Gateway) -> APIRouter:
    """Live state, its stream, history, and figures of the cache."""
    router = APIRouter(prefix="/admin", tags=["live"])

    @router.get("/providers")
    async def providers() -> LiveProviders:
        return gateway.live()

    @router.get("/events", response_class=StreamingResponse)
    async def events() -> StreamingResponse:
        # Not FastAPI's own response for events, which would encode each one anew for every listener.
        return StreamingResponse(gateway.feed.listen(), media_type=EVENT_STREAM, headers=_NOT_KEPT)

    @router.get("/history")
    async def histories(minutes: Minutes = 60) -> dict[str, ProviderHistory]:
        return await _read(gateway, list(gateway.providers), minutes)

    @router.get("/providers/{provider}/history")
    async def history(provider: str, minutes: Minutes = 60) -> ProviderHistory:
        name = gateway.provider(provider).name
        return (await _read(gateway, [name], minutes))[name]

    @router.get("/cache/stats")
    async def cache_stats() -> dict[str, CacheStatus]:
        return {name: provider.cache_status() for name, provider in gateway.providers.items()}

    return router


async def _read(gateway: Gateway, names: list[str], minutes: int) -> dict[str, ProviderHistory]:
    if minutes not in SLICE_SECONDS:
        raise HTTPException(422, f"There is no history of {minutes} minutes. Ask for one of: {_RANGES}.")
    if gateway.history is None:
        raise HTTPException(503, "The gateway is starting.")
    try:
        breakers = {name: gateway.providers[name].breakers.statuses() for name in names}
        return await gateway.history.read(breakers, minutes)
    except DATABASE_ERRORS as error:
        _log.error("history_not_readable", exc_info=error)
        raise HTTPException(503, f"The database cannot be read now ({type(error).__name__}).") from error

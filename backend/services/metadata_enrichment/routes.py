"""The endpoints of the metadata-enrichment service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from fastapi import APIRouter, Depends, HTTPException
from psycopg_pool import PoolClosed, PoolTimeout
from pydantic import SecretStr

from backend.contracts.enrichment import EnrichRequest, EnrichResponse, LayerRows
from backend.messaging.port import BrokerError
from backend.services.common.auth import bearer_guard
from backend.services.common.database import UNSTORABLE
from backend.services.metadata_enrichment.layers.readings import Readings
from backend.services.metadata_enrichment.layers.revisits import RevisitRuns
from backend.services.metadata_enrichment.work.enricher import Enricher

_DATABASE_ERRORS = (psycopg.Error, PoolTimeout, PoolClosed)
_log = structlog.get_logger()


@dataclass(frozen=True)
class Service:
    """What the endpoints work on."""

    enricher: Enricher
    readings: Readings
    revisits: RevisitRuns


def enrich_router(service: Service) -> APIRouter:
    """Enriching tracks."""
    router = APIRouter(tags=["enrichment"])

    @router.post("/enrich")
    async def enrich(request: EnrichRequest) -> EnrichResponse:
        try:
            return await service.enricher.enrich(request, source="api")
        except BrokerError as error:
            _log.error("request_refused", track_id=request.track_id, exc_info=error)
            raise HTTPException(
                503,
                "The track could not be enriched, and the request could not be kept for later either: the "
                "message broker does not answer. Send it again later.",
            ) from error

    @router.get("/stats")
    async def stats() -> dict[str, Any]:
        async with readable():
            return {
                **await service.readings.statistics(),
                "degraded_by": await service.revisits.degraded(),
                "revisits": await service.revisits.newest(5),
                "timestamp": datetime.now(UTC),
            }

    return router


def admin_router(service: Service, admin_token: SecretStr | None) -> APIRouter:
    """Rows of the layers; needs the token."""
    router = APIRouter(tags=["admin"])
    guarded = [Depends(bearer_guard(admin_token))]

    @router.get("/tracks/{track_id:path}/layers", dependencies=guarded)
    async def layers(track_id: str) -> LayerRows:
        async with readable():
            return await service.readings.layers(track_id)

    return router


@asynccontextmanager
async def readable() -> AsyncIterator[None]:
    """What an endpoint reads; a database that is away is a 503 in plain words."""
    try:
        yield
    except psycopg.DataError as error:
        raise HTTPException(422, UNSTORABLE) from error
    except _DATABASE_ERRORS as error:
        _log.error("database_not_readable", exc_info=error)
        raise HTTPException(503, f"The database cannot be read now ({type(error).__name__}).") from error

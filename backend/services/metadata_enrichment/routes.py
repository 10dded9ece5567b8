"""The endpoints of the metadata-enrichment service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import psycopg
import structlog
from fastapi import APIRouter, Body, Depends, HTTPException
from psycopg_pool import PoolClosed, PoolTimeout
from pydantic import SecretStr

from backend.contracts.enrichment import BatchAccepted, EnrichRequest, EnrichResponse, LayerRows
from backend.messaging.port import Broker, BrokerError, Message
from backend.messaging.topology import ENRICHMENT_REQUESTS
from backend.services.common.auth import bearer_guard
from backend.services.metadata_enrichment.layers.readings import Readings
from backend.services.metadata_enrichment.work.enricher import Enricher

LARGEST_BATCH = 1000
_DATABASE_ERRORS = (psycopg.Error, PoolTimeout, PoolClosed)
_log = structlog.get_logger()

Batch = Annotated[list[EnrichRequest], Body(min_length=1, max_length=LARGEST_BATCH)]


@dataclass(frozen=True)
class Service:
    """What the endpoints work on."""

    enricher: Enricher
    broker: Broker
    readings: Readings


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

    @router.post("/enrich/batch", status_code=202)
    async def enrich_batch(requests: Batch) -> BatchAccepted:
        correlation = next((one.correlation_id for one in requests if one.correlation_id), str(uuid4()))
        try:
            messages = [_queued(one, correlation) for one in requests]
            await service.broker.publish(ENRICHMENT_REQUESTS, messages)
        except BrokerError as error:
            raise HTTPException(
                503, "The message broker does not answer; none of the tracks was queued. Try again later."
            ) from error
        text = f"{len(requests)} tracks are queued and will be enriched in the background."
        return BatchAccepted(
            status="processing", batch_size=len(requests), correlation_id=correlation, message=text
        )

    @router.get("/stats")
    async def stats() -> dict[str, Any]:
        async with _readable():
            return {**await service.readings.statistics(), "timestamp": datetime.now(UTC)}

    return router


def admin_router(service: Service, admin_token: SecretStr | None) -> APIRouter:
    """Rows of the layers; needs the token."""
    router = APIRouter(tags=["admin"])
    guarded = [Depends(bearer_guard(admin_token))]

    @router.get("/tracks/{track_id}/layers", dependencies=guarded)
    async def layers(track_id: str) -> LayerRows:
        async with _readable():
            return await service.readings.layers(track_id)

    return router


def _queued(request: EnrichRequest, correlation: str) -> Message:
    traced = request.model_copy(update={"correlation_id": request.correlation_id or correlation})
    body = traced.model_dump_json().encode()
    return Message(message_id=str(uuid4()), body=body, correlation_id=traced.correlation_id)


@asynccontextmanager
async def _readable() -> AsyncIterator[None]:
    try:
        yield
    except _DATABASE_ERRORS as error:
        _log.error("database_not_readable", exc_info=error)
        raise HTTPException(503, f"The database cannot be read now ({type(error).__name__}).") from error

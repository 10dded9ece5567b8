"""Endpoints for many tracks at once: they are queued, and enriched in the background."""

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import psycopg
import structlog
from fastapi import APIRouter, Body, HTTPException, Query
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.enrichment import BatchAccepted, BatchProgress, EnrichRequest
from backend.messaging.port import Broker, BrokerError, Message
from backend.messaging.topology import ENRICHMENT_REQUESTS
from backend.services.metadata_enrichment.layers.batches import Batches
from backend.services.metadata_enrichment.routes import readable

LARGEST_BATCH = 1000
_log = structlog.get_logger()

Batch = Annotated[list[EnrichRequest], Body(min_length=1, max_length=LARGEST_BATCH)]
Limit = Annotated[int, Query(ge=1, le=200)]


def batch_router(broker: Broker, batches: Batches) -> APIRouter:
    """Queueing tracks, and how far they are."""
    router = APIRouter(tags=["batches"])

    @router.post("/enrich/batch", status_code=202)
    async def enrich_batch(requests: Batch) -> BatchAccepted:
        correlation = next((one.correlation_id for one in requests if one.correlation_id), str(uuid4()))
        await _queue(broker, batches, requests, correlation)
        return _accepted(
            correlation,
            len(requests),
            f"{len(requests)} tracks are queued and will be enriched in the background.",
        )

    @router.post("/enrich/trigger", status_code=202)
    async def trigger(limit: Limit = 50) -> BatchAccepted:
        async with readable():
            requests = await batches.unsettled(limit)
        correlation = f"trigger-{uuid4()}"
        if requests:
            await _queue(broker, batches, requests, correlation)
        return _accepted(
            correlation,
            len(requests),
            f"{len(requests)} stored tracks that are incomplete or degraded are queued again.",
        )

    @router.get("/enrich/batches/{correlation_id}")
    async def progress(correlation_id: str) -> BatchProgress:
        async with readable():
            found = await batches.progress(correlation_id)
        if found is None:
            raise HTTPException(404, f"Nothing was queued under the correlation id '{correlation_id[:80]}'.")
        return found

    return router


async def _queue(
    broker: Broker, batches: Batches, requests: Sequence[EnrichRequest], correlation: str
) -> None:
    messages = [_queued(one, correlation) for one in requests]
    try:
        await broker.publish(ENRICHMENT_REQUESTS, messages)
    except BrokerError as error:
        raise HTTPException(
            503,
            "The message broker did not confirm the tracks. Send all of them again later; "
            "that some may be queued already does no harm.",
        ) from error
    try:
        await batches.record(correlation, sum(one.correlation_id == correlation for one in messages))
    except (psycopg.Error, PoolTimeout, PoolClosed) as error:
        # The tracks are queued durably; only their count is not kept, so nobody may be told otherwise.
        _log.error("batch_not_recorded", correlation_id=correlation, reason=type(error).__name__)


def _accepted(correlation: str, size: int, text: str) -> BatchAccepted:
    return BatchAccepted(status="processing", batch_size=size, correlation_id=correlation, message=text)


def _queued(request: EnrichRequest, correlation: str) -> Message:
    traced = request.model_copy(update={"correlation_id": request.correlation_id or correlation})
    body = traced.model_dump_json().encode()
    return Message(message_id=str(uuid4()), body=body, correlation_id=traced.correlation_id)

"""The endpoints of the dead-letter manager."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

import psycopg
import structlog
from fastapi import APIRouter, Body, Depends, Header, HTTPException, Query
from psycopg_pool import PoolClosed, PoolTimeout
from pydantic import SecretStr
from starlette.responses import Response

from backend.contracts.dead_letters import (
    OPEN_STATES,
    BatchReplayRequest,
    BatchReplayResult,
    DeadLetter,
    DeadLetterDetail,
    DeadLetterState,
    DeadLetterStats,
    DiscardRequest,
    ErrorGroup,
    ReplayResult,
)
from backend.messaging.port import BrokerError
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.operations import Done, Operations
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.paging import Cursor, CursorError, decode
from backend.services.dlq_manager.queries import Queries, Selection
from backend.services.dlq_manager.service_metrics import DlqMetrics

CURSOR_HEADER = "X-Next-Cursor"
"""Of a full page: what to send as `cursor` for the next one."""
_HTTP_STATUS = {Done.NOT_FOUND: 404, Done.CONFLICT: 409}
_UNAVAILABLE = (psycopg.OperationalError, PoolTimeout, PoolClosed, BrokerError)
_log = structlog.get_logger()

Operator = Annotated[str, Header(alias="X-Operator", max_length=200)]


@dataclass(frozen=True)
class Service:
    """What the endpoints work on."""

    queries: Queries
    operations: Operations
    outbox: Outbox
    metrics: DlqMetrics


def open_router(service: Service) -> APIRouter:
    """What anybody may read."""
    router = APIRouter(prefix="/dlq", tags=["dead letters"])

    @router.get("/stats")
    async def stats() -> DeadLetterStats:
        async with _available():
            figures = await service.queries.stats()
        service.metrics.show(figures)
        return figures

    return router


def reading_router(service: Service, admin_token: SecretStr | None) -> APIRouter:
    """Dead letters themselves; their payloads are nobody else's business."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.get("/messages")
    async def messages(
        response: Response,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        state: Annotated[list[DeadLetterState] | None, Query()] = None,
        fingerprint: str | None = None,
        cursor: str | None = None,
    ) -> list[DeadLetter]:
        wanted = Selection(
            states=tuple(state) if state else OPEN_STATES,
            fingerprint=fingerprint,
            after=_cursor(cursor),
            limit=limit,
            offset=offset,
        )
        async with _available():
            found = await service.queries.listed(wanted)
        if len(found) == limit:
            response.headers[CURSOR_HEADER] = Cursor(found[-1].timestamp, found[-1].message_id).encoded()
        return found

    @router.get("/messages/{message_id:path}")
    async def message(message_id: str) -> DeadLetterDetail:
        async with _available():
            found = await service.queries.one(message_id)
        if found is None:
            raise HTTPException(404, f"There is no dead letter {message_id[:200]}.")
        return found

    @router.get("/errors/grouped")
    async def grouped() -> list[ErrorGroup]:
        async with _available():
            return await service.queries.groups()

    return router


def acting_router(service: Service, admin_token: SecretStr | None) -> APIRouter:
    """What changes dead letters."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    # Before /replay/{message_id}: there "batch" would be taken for an id.
    @router.post("/replay/batch")
    async def replay_batch(body: BatchReplayRequest, operator: Operator = "admin") -> BatchReplayResult:
        operation = uuid4()
        errors: list[str] = []
        wanted = list(dict.fromkeys(body.message_ids))
        async with _available():
            for message_id in wanted:
                done, text = await service.operations.replay(message_id, operator, operation)
                service.metrics.replays.labels(done.value).inc()
                if done is not Done.DONE:
                    errors.append(text)
        service.outbox.wake()
        return BatchReplayResult(
            success=not errors,
            replayed_count=len(wanted) - len(errors),
            failed_count=len(errors),
            errors=errors,
        )

    @router.post("/replay/{message_id:path}")
    async def replay(message_id: str, operator: Operator = "admin") -> ReplayResult:
        async with _available():
            done, text = await service.operations.replay(message_id, operator)
        service.metrics.replays.labels(done.value).inc()
        service.outbox.wake()
        return _result(done, text)

    @router.delete("/message/{message_id:path}")
    async def discard(
        message_id: str,
        body: Annotated[DiscardRequest | None, Body()] = None,
        reason: Annotated[str | None, Query(min_length=1, max_length=2000)] = None,
        operator: Operator = "admin",
    ) -> ReplayResult:
        why = body.reason if body else reason
        if why is None:
            raise HTTPException(422, 'Say why it is let go: send {"reason": "…"} or ?reason=….')
        async with _available():
            done, text = await service.operations.discard(message_id, operator, why)
        return _result(done, text)

    return router


def _result(done: Done, text: str) -> ReplayResult:
    if done is not Done.DONE:
        raise HTTPException(_HTTP_STATUS[done], text)
    return ReplayResult(success=True, message=text)


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    try:
        return decode(text)
    except CursorError as error:
        raise HTTPException(422, str(error)) from error


@asynccontextmanager
async def _available() -> AsyncIterator[None]:
    try:
        yield
    except _UNAVAILABLE as error:
        _log.error("operations_database_unavailable", exc_info=error)
        raise HTTPException(
            503, "The database of the dead letters does not answer. Nothing was changed; try again later."
        ) from error

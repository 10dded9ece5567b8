"""The endpoints of operations: preview, freeze, command, look."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import SecretStr

from backend.contracts.dead_letter_operations import (
    ItemOutcome,
    Operation,
    OperationControl,
    OperationItemPage,
    OperationPreview,
    OperationRequest,
)
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import IdempotencyKey, answering
from backend.services.dlq_manager.operation_preview import OperationPreviews
from backend.services.dlq_manager.operation_readings import OperationReadings
from backend.services.dlq_manager.operation_runner import OperationRunner
from backend.services.dlq_manager.operation_store import OperationStore
from backend.services.dlq_manager.repetition import request_key
from backend.services.dlq_manager.selection_sql import resolved


@dataclass(frozen=True)
class OperationParts:
    """What the endpoints work on."""

    store: OperationStore
    readings: OperationReadings
    previews: OperationPreviews
    runner: OperationRunner


def operation_router(parts: OperationParts, admin_token: SecretStr | None) -> APIRouter:
    """Everything about operations."""
    router = APIRouter(
        prefix="/dlq/operations", tags=["operations"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/preview")
    async def preview(body: OperationRequest) -> OperationPreview:
        async with answering():
            return await parts.previews.preview(_resolved(body))

    @router.post("")
    async def create(body: OperationRequest, key: IdempotencyKey = None) -> Operation:
        async with answering():
            made = await parts.store.create(
                _resolved(body), request_key(key, "operation", "", body.model_dump_json())
            )
            return await _one(parts, made)

    @router.get("")
    async def newest(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[Operation]:
        async with answering():
            return await parts.readings.newest(limit)

    @router.get("/{operation_id}")
    async def one(operation_id: UUID) -> Operation:
        async with answering():
            return await _one(parts, operation_id)

    @router.get("/{operation_id}/items")
    async def items(
        operation_id: UUID,
        outcome: ItemOutcome | None = None,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    ) -> OperationItemPage:
        async with answering():
            return await parts.readings.items(operation_id, outcome, after)

    @router.post("/{operation_id}/control")
    async def control(operation_id: UUID, body: OperationControl) -> Operation:
        async with answering():
            await parts.store.control(operation_id, body)
            parts.runner.wake()
            return await _one(parts, operation_id)

    return router


def _resolved(request: OperationRequest) -> OperationRequest:
    """What is frozen says whose letters were meant, whoever reads it later."""
    return request.model_copy(update={"selection": resolved(request.selection, request.author)})


async def _one(parts: OperationParts, operation_id: UUID) -> Operation:
    found = await parts.readings.one(operation_id)
    if found is None:
        raise HTTPException(404, f"There is no operation {operation_id}.")
    return found

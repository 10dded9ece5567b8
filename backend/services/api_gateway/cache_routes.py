"""The cache's admin endpoints that change something."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, HTTPException, Query
from pydantic import SecretStr

from backend.contracts.gateway import InvalidationResult
from backend.services.api_gateway.cache.answers import OPERATIONS
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.operator_control import forgotten
from backend.services.common.auth import bearer_guard

_log = structlog.get_logger()


def cache_router(gateway: Gateway, admin_token: SecretStr | None) -> APIRouter:
    """Forgetting answers. The bytes stay in Bronze, so that nothing is lost but time."""
    router = APIRouter(
        prefix="/admin/cache", tags=["admin"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/invalidate")
    async def invalidate(
        provider: str,
        operation: str | None = None,
        data_type: Annotated[str | None, Query(description="The reference's name of `operation`.")] = None,
        reason: Annotated[str, Query(min_length=1, max_length=500)] = "no reason given",
        operator: Annotated[str, Header(alias="X-Operator", min_length=1, max_length=100)] = "admin",
    ) -> InvalidationResult:
        """Forget a provider's answers, or those of one operation, in every replica. It is audited."""
        found, kind = gateway.provider(provider), operation or data_type
        if kind is not None and kind not in OPERATIONS:
            raise HTTPException(422, f"There is no operation '{kind}'. Known: {', '.join(OPERATIONS)}.")
        before = found.cache_status().entries
        everywhere = await found.forget_answers(kind)
        result = InvalidationResult(
            status="invalidated" if everywhere else "local_only",
            provider=provider,
            operation=kind,
            forgotten=before - found.cache_status().entries,
        )
        if gateway.control is not None:
            record = forgotten(found, kind, operator, reason, result.forgotten)
            result = result.model_copy(update={"audit_id": await gateway.control.store.keep(record)})
        _log.warning("cache_invalidated", author=operator, reason=reason, **result.model_dump())
        return result

    return router

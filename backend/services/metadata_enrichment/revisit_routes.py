"""Endpoints of revisits: tracks done again because a provider is back."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import SecretStr

from backend.contracts.enrichment import RevisitRun
from backend.services.common.auth import bearer_guard
from backend.services.metadata_enrichment.layers.revisits import RevisitRuns
from backend.services.metadata_enrichment.routes import readable
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.revisits import is_away, why_away


def revisit_router(runs: RevisitRuns, gateway: GatewayClient, admin_token: SecretStr | None) -> APIRouter:
    """Looking is free, starting one needs the admin token."""
    router = APIRouter(tags=["revisits"])

    @router.get("/enrich/revisits")
    async def newest(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[RevisitRun]:
        async with readable():
            return await runs.newest(limit)

    @router.post("/enrich/revisit", status_code=202, dependencies=[Depends(bearer_guard(admin_token))])
    async def start(provider: str) -> RevisitRun:
        statuses = await gateway.providers()
        if not statuses:
            raise HTTPException(503, "The gateway does not answer, so nobody knows whether it can be asked.")
        if provider not in statuses:
            raise HTTPException(404, f"There is no provider '{provider[:80]}'. Known: {', '.join(statuses)}.")
        if is_away(statuses[provider]):
            raise HTTPException(409, f"{why_away(statuses, provider)}. It starts by itself when it can be.")
        async with readable():
            run = await runs.open(provider, "an operator")
        if run is None:
            raise HTTPException(409, f"A revisit for {provider} goes on already; see /enrich/revisits.")
        return run

    return router

"""Circuit breakers by hand. Looking is free, changing needs the admin token."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import JSONResponse
from pydantic import SecretStr
from starlette.responses import Response

from backend.contracts.control import (
    ControlAction,
    ControlAudit,
    ControlConflict,
    ControlRequest,
    ControlResult,
)
from backend.contracts.gateway import BreakerOverview, ResetResult
from backend.contracts.providers import BreakerControl, RateGateStatus
from backend.services.api_gateway.breakers.model import EpochConflictError
from backend.services.api_gateway.control_store import DATABASE_ERRORS
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.operator_control import OperatorControl, UnknownEndpointError
from backend.services.api_gateway.provider import Provider
from backend.services.common.auth import bearer_guard

_RESET = ControlRequest(
    action=ControlAction.CLOSE, reason="reset over the gateway's endpoint", author="not named"
)

_log = structlog.get_logger()


def control_router(gateway: Gateway, admin_token: SecretStr | None) -> APIRouter:
    """Breakers as they are, and what operators do to them."""
    router = APIRouter(prefix="/admin", tags=["control"])
    guarded = [Depends(bearer_guard(admin_token))]

    @router.get("/circuit-breakers")
    async def breakers() -> dict[str, BreakerOverview]:
        return {name: _overview(provider) for name, provider in gateway.providers.items()}

    @router.get("/circuit-breakers/audit")
    async def audit(
        provider: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> list[ControlAudit]:
        try:
            return await _control(gateway).store.audit(provider, limit)
        except DATABASE_ERRORS as error:
            _log.error("audit_not_readable", exc_info=error)
            raise HTTPException(503, f"The audit cannot be read now ({type(error).__name__}).") from error

    @router.post(
        "/circuit-breakers/{provider}/control",
        dependencies=guarded,
        response_model=ControlResult,
        responses={409: {"model": ControlConflict}},
    )
    async def control(provider: str, request: ControlRequest) -> ControlResult | Response:
        found = gateway.provider(provider)
        try:
            return await _control(gateway).apply(found, request)
        except UnknownEndpointError as error:
            known = ", ".join(error.known)
            raise HTTPException(
                404, f"{provider} has no circuit breaker '{request.endpoint}'. It has: {known}."
            ) from error
        except EpochConflictError:
            return JSONResponse(_conflict(found).model_dump(mode="json"), 409)

    @router.post("/circuit-breakers/reset-all", dependencies=guarded)
    async def reset_all() -> dict[str, ResetResult]:
        return {name: await _reset(gateway, found) for name, found in gateway.providers.items()}

    @router.post("/circuit-breakers/{provider}/reset", dependencies=guarded)
    async def reset(provider: str) -> ResetResult:
        return await _reset(gateway, gateway.provider(provider))

    @router.get("/rate-limits")
    async def rate_limits() -> dict[str, RateGateStatus]:
        return {name: provider.status().rate_gate for name, provider in gateway.providers.items()}

    return router


def _control(gateway: Gateway) -> OperatorControl:
    if gateway.control is None:
        raise HTTPException(503, "The gateway is starting.")
    return gateway.control


async def _reset(gateway: Gateway, provider: Provider) -> ResetResult:
    done = await _control(gateway).apply(provider, _RESET)
    breaker = done.circuit_breaker
    return ResetResult(provider=provider.name, status="reset", new_state=breaker.state, epoch=breaker.epoch)


def _overview(provider: Provider) -> BreakerOverview:
    status = provider.status()
    return BreakerOverview(
        **status.circuit_breaker.model_dump(),
        failure_count=status.circuit_breaker.failures_in_window,
        last_failure_time=status.traffic.last_failure_at,
        endpoints=status.endpoints,
    )


def _conflict(provider: Provider) -> ControlConflict:
    """Who did what meanwhile, and how things are now."""
    status = provider.breakers.status()
    control = status.control
    now = f"The breaker of {provider.name} has changed since you looked: it is {status.state} now"
    if control.control is not BreakerControl.AUTOMATIC:
        now += f", {control.control.replace('_', ' ')} by {control.author} ({control.reason})"
    elif status.reason:
        now += f" ({status.reason})"
    return ControlConflict(
        detail=f"{now}. Nothing was done. Look again before you decide.",
        provider=provider.name,
        circuit_breaker=status,
        endpoints=provider.breakers.statuses(),
    )

"""Which provider gives which field, over HTTP."""

from fastapi import APIRouter

from backend.contracts.live import CapabilityList
from backend.services.api_gateway.capabilities import capabilities
from backend.services.api_gateway.gateway import Gateway


def capability_router(gateway: Gateway) -> APIRouter:
    """`GET /admin/capabilities`."""
    router = APIRouter(prefix="/admin", tags=["admin"])

    @router.get("/capabilities")
    async def every_capability() -> CapabilityList:
        closed = {name: provider.switched_off for name, provider in gateway.providers.items()}
        return CapabilityList(capabilities=capabilities(closed))

    return router

"""The health of the metadata-enrichment service."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from backend.contracts.environment import ENRICHMENT
from backend.messaging.port import Broker
from backend.services.common.database import Database
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient


@dataclass(frozen=True)
class Health:
    """What has to work: without the database nothing does, without the rest some things do."""

    release: str
    version: str
    database: Database
    broker: Broker
    gateway: GatewayClient
    configuration: ConfigurationHolder

    async def report(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of `GET /health`."""
        database = await self.database.problem()
        problems = {
            "database": database,
            "broker": await self.broker.problem(),
            "gateway": await self.gateway.problem(),
            "configuration": "not readable without the database" if database else await self._configuration(),
        }
        status = "unhealthy" if database else "degraded" if any(problems.values()) else "healthy"
        body = {
            "service": ENRICHMENT,
            "status": status,
            "version": self.version,
            "release": self.release,
            "timestamp": datetime.now(UTC).isoformat(),
            "connections": {name: problem or "healthy" for name, problem in problems.items()},
        }
        return (503 if database else 200), body

    async def _configuration(self) -> str:
        try:
            await self.configuration.current()
        except ConfigurationError as error:
            return str(error)
        return self.configuration.problem


def health_router(health: Health) -> APIRouter:
    """The open health check."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def report() -> JSONResponse:
        status, body = await health.report()
        return JSONResponse(body, status)

    return router

"""The application of the dead-letter manager."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import psycopg
from fastapi import APIRouter, FastAPI
from psycopg_pool import PoolClosed, PoolTimeout
from starlette.responses import JSONResponse

from backend.contracts.environment import DLQ_MANAGER
from backend.messaging.port import Broker
from backend.services.common.background import in_background
from backend.services.common.broker import make_broker
from backend.services.common.database import Database
from backend.services.common.metrics import metrics_route, new_registry
from backend.services.dlq_manager.act_assembly import assemble_acts
from backend.services.dlq_manager.consumers import Consumers
from backend.services.dlq_manager.crash_guard import CrashGuard
from backend.services.dlq_manager.intake import Intake
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.operations import Operations
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.outcomes import Outcomes
from backend.services.dlq_manager.problem_board import ProblemBoard
from backend.services.dlq_manager.queries import Queries
from backend.services.dlq_manager.routes import Service, acting_router, open_router, reading_router
from backend.services.dlq_manager.service_metrics import DlqMetrics
from backend.services.dlq_manager.settings import DlqSettings
from backend.services.dlq_manager.triage_assembly import assemble_triage

VERSION = "1.0.0"


def create_app(settings: DlqSettings) -> FastAPI:
    """The service. Its lifespan opens the connections, waits for none of them, and starts the consumers.

    `app.state.end_streams` lets the listeners of the live stream go; call it before shutting down.
    """
    registry = new_registry()
    metrics = DlqMetrics(registry)
    database = Database(
        settings.connect_arguments(settings.operations_database), name=DLQ_MANAGER, max_size=10
    )
    broker = make_broker(settings, database.pool, name=DLQ_MANAGER)
    queries = Queries(database.pool, broker)
    board = ProblemBoard()
    outbox = Outbox(database.pool, broker, board)
    outcomes = Outcomes(database.pool, metrics.age.observe)
    guard = CrashGuard(database.pool)
    intake = Intake(database.pool)
    consumers = Consumers(broker, intake, outcomes, metrics, board, guard, settings.prefetch)

    music = MusicReadings(settings.connect_arguments(settings.database_name))
    acts = assemble_acts(settings, database.pool, broker, outbox, metrics, music)
    triage = assemble_triage(settings, database.pool, broker, outbox, board, music)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        work = (consumers.run_intake(), consumers.run_outcomes(), outbox.run(), metrics.refresh(queries))
        async with database, broker, acts.running(), triage.running(), in_background(*work):
            yield
            with suppress(psycopg.Error, PoolTimeout, PoolClosed):  # then its mark is taken for a death
                await guard.end()

    app = FastAPI(
        title="SongNodes dead letters", version=VERSION, lifespan=lifespan, routes=[metrics_route(registry)]
    )
    service = Service(queries, Operations(database.pool, metrics.age.observe), outbox, metrics)
    app.include_router(open_router(service))
    app.include_router(reading_router(service, settings.admin_token))
    app.include_router(acting_router(service, settings.admin_token))
    for router in (*acts.routers, *triage.routers):
        app.include_router(router)
    app.state.end_streams = triage.feed.end
    app.include_router(_health_router(settings.release, database, broker))
    return app


def _health_router(release: str, database: Database, broker: Broker) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def health() -> JSONResponse:
        problem = await database.problem()
        unmigrated = "" if problem else await database.lacks("dead_letters.messages")
        broker_problem = await broker.problem()
        body = {
            "status": "unhealthy" if problem else "degraded" if unmigrated or broker_problem else "healthy",
            "service": DLQ_MANAGER,
            "version": VERSION,
            "release": release,
            "timestamp": datetime.now(UTC).isoformat(),
            "broker_connected": not broker_problem,
            "connections": {
                "database": problem or unmigrated or "healthy",
                "broker": broker_problem or "healthy",
            },
        }
        return JSONResponse(body, 503 if problem else 200)

    return router

"""Puts together what operators can do to dead letters, and the tasks that keep house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter

from backend.messaging.port import Broker
from backend.services.common.background import in_background
from backend.services.common.database import Pool
from backend.services.common.telemetry import SecretFilter
from backend.services.dlq_manager.cause_notes import CauseNotes
from backend.services.dlq_manager.export_routes import export_router
from backend.services.dlq_manager.exports import Exports
from backend.services.dlq_manager.letter_acts import LetterActs
from backend.services.dlq_manager.letter_details import LetterDetails
from backend.services.dlq_manager.letter_edits import LetterEdits
from backend.services.dlq_manager.letter_routes import Letters, letter_router, note_router
from backend.services.dlq_manager.masking import Masker
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.outcome_memory import OutcomeMemory
from backend.services.dlq_manager.retention import Purge, Retention
from backend.services.dlq_manager.sandbox_routes import sandbox_router
from backend.services.dlq_manager.service_metrics import DlqMetrics
from backend.services.dlq_manager.settings import DlqSettings


@dataclass(frozen=True)
class Acts:
    """The endpoints that act, and the tasks behind them."""

    routers: tuple[APIRouter, ...]
    purge: Purge
    memory: OutcomeMemory

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Purge by retention, and remember how operations ended, until the block ends."""
        async with in_background(self.purge.run(), self.memory.run()):
            yield


def assemble_acts(
    settings: DlqSettings,
    pool: Pool,
    broker: Broker,
    outbox: Outbox,
    metrics: DlqMetrics,
    music: MusicReadings,
) -> Acts:
    """Over the pool of the operations database. Opens nothing; enter pool and broker before `running`."""
    retention = Retention(settings.resolved_days, settings.discarded_days)
    letters = Letters(
        acts=LetterActs(pool, metrics.age.observe),
        edits=LetterEdits(pool),
        details=LetterDetails(pool, retention, music),
        outbox=outbox,
        metrics=metrics,
    )
    masker = Masker(SecretFilter(settings.secret_values()))
    exports = Exports(pool, masker, settings.environment, settings.release)
    token = settings.admin_token
    sandbox = (sandbox_router(broker, token),) if settings.sandbox else ()
    return Acts(
        routers=(
            letter_router(letters, token),
            note_router(CauseNotes(pool), token),
            export_router(exports, token),
            *sandbox,
        ),
        purge=Purge(pool, retention),
        memory=OutcomeMemory(pool),
    )

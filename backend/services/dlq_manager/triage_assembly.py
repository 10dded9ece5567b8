"""Puts together what the triage screen reads, and the operations with the task that carries them out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter

from backend.http import httpx
from backend.messaging.port import Broker
from backend.services.common.background import in_background
from backend.services.common.database import Pool
from backend.services.dlq_manager.cause_list import CauseReader
from backend.services.dlq_manager.contrast_routes import contrast_router
from backend.services.dlq_manager.contrasts import Contrasts
from backend.services.dlq_manager.interval_routes import interval_router
from backend.services.dlq_manager.interval_store import IntervalStore
from backend.services.dlq_manager.interval_watch import IntervalWatch
from backend.services.dlq_manager.letter_details import LetterDetails
from backend.services.dlq_manager.letter_pages import LetterPages
from backend.services.dlq_manager.live_feed import LiveFeed
from backend.services.dlq_manager.meter import ConservationMeter
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.operation_preview import OperationPreviews
from backend.services.dlq_manager.operation_readings import OperationReadings
from backend.services.dlq_manager.operation_routes import OperationParts, operation_router
from backend.services.dlq_manager.operation_runner import OperationRunner
from backend.services.dlq_manager.operation_store import OperationStore
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.problem_board import ProblemBoard
from backend.services.dlq_manager.provider_limits import ProviderLimits
from backend.services.dlq_manager.retention import Retention
from backend.services.dlq_manager.settings import DlqSettings
from backend.services.dlq_manager.triage_routes import Triage, triage_router


@dataclass(frozen=True)
class TriageParts:
    """The endpoints, and the tasks behind them."""

    routers: tuple[APIRouter, ...]
    gateway: httpx.AsyncClient
    meter: ConservationMeter
    feed: LiveFeed
    runner: OperationRunner
    watch: IntervalWatch

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Fold, verify, tell listeners, watch the providers and carry operations out until the block ends."""
        work = (
            self.meter.run_folding(),
            self.meter.run_verifying(),
            self.feed.run(),
            self.watch.run(),
            self.runner.run(),
        )
        async with self.gateway, in_background(*work):
            yield


def assemble_triage(
    settings: DlqSettings,
    pool: Pool,
    broker: Broker,
    outbox: Outbox,
    board: ProblemBoard,
    music: MusicReadings,
) -> TriageParts:
    """Over the pool of the operations database. Opens nothing; enter pool and broker before `running`.

    `board` has what threatens the letters.
    """
    gateway = httpx.AsyncClient(base_url=settings.gateway_url, trust_env=False)
    limits = ProviderLimits(gateway)
    meter = ConservationMeter(pool, broker, board)
    readings = OperationReadings(pool)
    runner = OperationRunner(pool, limits, music, outbox.wake)
    feed = LiveFeed(meter, readings)
    retention = Retention(settings.resolved_days, settings.discarded_days)
    triage = Triage(LetterPages(pool), CauseReader(pool), LetterDetails(pool, retention, music), meter, feed)
    parts = OperationParts(
        store=OperationStore(pool),
        readings=readings,
        previews=OperationPreviews(pool, limits, music),
        runner=runner,
    )
    token = settings.admin_token
    intervals = IntervalStore(pool)
    return TriageParts(
        routers=(
            operation_router(parts, token),
            interval_router(intervals, token),
            contrast_router(Contrasts(pool), token),
            triage_router(triage, token),
        ),
        gateway=gateway,
        meter=meter,
        feed=feed,
        runner=runner,
        watch=IntervalWatch(limits, intervals),
    )

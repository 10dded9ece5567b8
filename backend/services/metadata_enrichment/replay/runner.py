"""Works on replay runs in the background, one at a time."""

import asyncio
from contextlib import suppress

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError
from backend.services.metadata_enrichment.replay.resolving import resolve_tracks
from backend.services.metadata_enrichment.replay.run_lease import Lease, LeaseLostError, claim
from backend.services.metadata_enrichment.replay.versions import ReplayVersions, UnknownVersionError

POLL_SECONDS = 1.0
"""How often the queue is looked at when nobody says that something is new."""
LEASE_SECONDS = 30.0
"""So long after its holder died a run is taken up again."""
TRACKS_AT_ONCE = 250
"""Resolved and committed together."""
PROMOTED_AT_ONCE = 25
"""The same where Gold is written: far slower, while nobody else can write these tracks."""
RETRY_SECONDS = 5.0
"""Pause after the database was away."""
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)
"""Not the fault of the run: it is taken up again when its lease has ended."""
_log = structlog.get_logger()


class ReplayRunner:
    """Takes runs off the queue. Any number of replicas may have one."""

    def __init__(
        self,
        pool: Pool,
        versions: ReplayVersions,
        *,
        lease_seconds: float = LEASE_SECONDS,
        tracks_at_once: int | None = None,
    ) -> None:
        """`tracks_at_once` in place of TRACKS_AT_ONCE and PROMOTED_AT_ONCE."""
        self._pool = pool
        self._versions = versions
        self._lease_seconds = lease_seconds
        self._tracks_at_once = tracks_at_once
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look at the queue now."""
        self._news.set()

    async def run(self) -> None:
        """Background task."""
        while True:
            try:
                if await self.work_on_next():
                    continue
            except (psycopg.Error, *_AWAY) as error:
                _log.warning("replay_interrupted", reason=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), POLL_SECONDS)

    async def work_on_next(self) -> bool:
        """Work on the next run until it ends or is lost; whether there was one.

        Errors of a database that is away pass through; the run is then taken up again after its lease.
        """
        async with self._pool.connection() as connection:
            lease = await claim(connection, self._lease_seconds)
        if lease is None:
            return False
        _log.info("replay_taken", run_id=str(lease.run_id), done_tracks=lease.done)
        try:
            await self._work(lease)
        except LeaseLostError:
            _log.info("replay_given_up", run_id=str(lease.run_id))
        except _AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must say so and not be tried for ever
            await self._fail(lease, error)
        return True

    async def _work(self, lease: Lease) -> None:
        configuration = await self._versions.get(lease.version)
        async with self._pool.connection() as connection:
            lease = await lease.begin(connection, configuration.version)
        at_once = self._tracks_at_once or (PROMOTED_AT_ONCE if lease.promote else TRACKS_AT_ONCE)
        while track_ids := lease.next_tracks(at_once):
            lease = await self._resolve(lease, track_ids, configuration)
        async with self._pool.connection() as connection:
            await lease.end(connection, "completed")
        _log.info("replay_completed", run_id=str(lease.run_id), tracks=lease.done)

    async def _resolve(
        self, lease: Lease, track_ids: list[str], configuration: WaterfallConfiguration
    ) -> Lease:
        """Resolve some tracks; what they come to and the progress are committed together, or neither."""
        async with self._pool.connection() as connection:
            tally = await resolve_tracks(connection, lease, track_ids, configuration)
            return await lease.advance(connection, tally)

    async def _fail(self, lease: Lease, error: Exception) -> None:
        told = isinstance(error, ConfigurationError | UnknownVersionError)
        text = str(error) if told else f"{type(error).__name__}: {error}"
        _log.error("replay_failed", run_id=str(lease.run_id), exc_info=error)
        async with self._pool.connection() as connection:
            await lease.end(connection, "failed", text)

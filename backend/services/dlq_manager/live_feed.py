"""Meter and operations as server-sent events: read once for all listeners, while somebody listens."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout
from pydantic import BaseModel

from backend.contracts.dead_letter_views import EVENT_METER, EVENT_OPERATION
from backend.services.dlq_manager.meter import ConservationMeter
from backend.services.dlq_manager.operation_readings import OperationReadings

PERIOD_SECONDS = 1.0
"""Counting the members of large operations is not free, and nobody reads faster."""
_KEPT = 100
"""Events that a slow listener may be behind; then it misses the oldest, and the next ones make up for it."""
_ENDED_LATELY = timedelta(seconds=10)
_log = structlog.get_logger()


class LiveFeed:
    """One reader, any number of listeners."""

    def __init__(self, meter: ConservationMeter, operations: OperationReadings) -> None:
        self._meter = meter
        self._operations = operations
        self._listeners: set[asyncio.Queue[bytes]] = set()
        self._ended = False
        self._told: dict[str, str] = {}

    async def listen(self) -> AsyncIterator[bytes]:
        """Events from now on, until `end`; the first at once."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(_KEPT)
        # A listener before it reads, so that no change falls between the two.
        self._listeners.add(queue)
        try:
            _put(queue, _event(EVENT_METER, await self._meter.read()))
            for operation in await self._operations.at_work(datetime.now(UTC) - _ENDED_LATELY):
                _put(queue, _event(EVENT_OPERATION, operation))
            while not self._ended:
                event = await queue.get()
                if event:
                    yield event
        finally:
            self._listeners.discard(queue)

    def end(self) -> None:
        """Let all listeners go: they would hold up a shutdown."""
        self._ended = True
        self._tell(b"")

    async def run(self) -> None:
        """Background task: read for ever, while somebody listens."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            if not self._listeners:
                self._told.clear()
                continue
            try:
                await self._read()
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                # Listeners notice the silence, and say that what they show is stale.
                _log.warning("live_feed_not_read", reason=str(error))

    async def _read(self) -> None:
        self._tell(_event(EVENT_METER, await self._meter.read()))
        found = await self._operations.at_work(datetime.now(UTC) - _ENDED_LATELY)
        for operation in found:
            told = operation.model_dump_json()
            if self._told.get(operation.id) != told:
                self._told[operation.id] = told
                self._tell(_event(EVENT_OPERATION, operation))
        known = {operation.id for operation in found}
        self._told = {name: told for name, told in self._told.items() if name in known}

    def _tell(self, event: bytes) -> None:
        for queue in self._listeners:
            _put(queue, event)


def _put(queue: asyncio.Queue[bytes], event: bytes) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)


def _event(name: str, data: BaseModel) -> bytes:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()

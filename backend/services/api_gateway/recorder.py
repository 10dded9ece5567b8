"""Writes records to the database behind the answers' back.

A record is put into a bounded queue and written by one task, in batches, in order. The database being away
delays the records; only a full queue loses some, and that is counted, logged and shown in the health.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import groupby

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from backend.services.api_gateway.records import Record, ResponseRecord
from backend.services.common.database import Database

BATCH = 200
_GATHER_SECONDS = 0.2
"""How long a record waits for others: written alone it costs 1.5 ms of CPU, among fifty 0.05 ms."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_FLUSH_SECONDS = 5.0

_log = structlog.get_logger()


class Recorder:
    """`add` never waits and never fails. Run as a task: `run` until cancelled, then `flush`.

    The queue holds at most `capacity` records, with `largest_size` bytes of providers' answers.
    """

    def __init__(
        self, database: Database, capacity: int = 5_000, largest_size: int = 128 * 1024 * 1024
    ) -> None:
        self._database = database
        self._capacity = capacity
        self._largest_size = largest_size
        self._size = 0
        self._waiting: deque[Record] = deque()
        self._wake = asyncio.Event()
        self.written = 0
        self.dropped = 0
        self.refused = 0
        """Records the database will never take, for example for a text it cannot store."""
        self._careful = 0
        self._problem = ""
        self.is_running = False
        """Whether the task that writes is at work; without it nothing reaches the database any more."""

    @property
    def waiting(self) -> int:
        """Records not yet written."""
        return len(self._waiting)

    def queued(self) -> tuple[Record, ...]:
        """The records not yet written, oldest first."""
        return tuple(self._waiting)

    @property
    def problem(self) -> str:
        """What is wrong, in a sentence; empty when records reach the database."""
        if self._problem and self.dropped:
            return f"{self._problem}; {self.dropped} records were lost because the queue is full"
        return self._problem

    def add(self, record: Record) -> None:
        """Queue a record; when the queue is full the newest is the one that is lost."""
        size = _size(record)
        if len(self._waiting) >= self._capacity or (size and self._size + size > self._largest_size):
            self.dropped += 1
            if self.dropped == 1 or self.dropped % 1000 == 0:
                _log.error("record_dropped", lost=self.dropped, capacity=self._capacity)
            return
        self._waiting.append(record)
        self._size += size
        self._wake.set()

    async def run(self) -> None:
        """Write records until cancelled."""
        self.is_running = True
        try:
            await self._write_for_ever()
        finally:
            self.is_running = False

    async def _write_for_ever(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._wake.wait()
            if len(self._waiting) < BATCH:
                await asyncio.sleep(_GATHER_SECONDS)
            if await self._write_next():
                pause = _FIRST_PAUSE
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def flush(self) -> None:
        """At shutdown: write what is left, for a few seconds at most, and say what could not be."""
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                while self._waiting and await self._write_next():
                    pass
        except TimeoutError:
            self._problem = "the database did not answer at shutdown"
        if self._waiting:
            _log.error("records_lost_at_shutdown", lost=len(self._waiting), problem=self._problem)

    async def _write_next(self) -> bool:
        size = 1 if self._careful else BATCH
        batch = [self._waiting[place] for place in range(min(size, len(self._waiting)))]
        try:
            await self._write(batch)
        except psycopg.DataError as error:
            self._isolate(batch, error)
            return True
        except (psycopg.Error, PoolTimeout) as error:
            self._note_problem(f"the database did not take records: {type(error).__name__}")
            return False
        self.written += len(batch)
        self._forget(len(batch))
        return True

    async def _write(self, records: Sequence[Record]) -> None:
        async with self._database.pool.connection(timeout=2) as connection, connection.cursor() as cursor:
            for statement, group in groupby(records, key=lambda record: record.SQL):
                await cursor.executemany(statement, [record.parameters() for record in group])

    def _isolate(self, batch: Sequence[Record], error: psycopg.DataError) -> None:
        """One record of the batch cannot be stored: write singly until it is found, and give it up."""
        if len(batch) > 1:
            self._careful = len(batch)
            return
        self.refused += 1
        _log.error("record_refused", kind=type(batch[0]).__name__, error=type(error).__name__)
        self._forget(1)

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._size -= _size(self._waiting.popleft())
        self._careful = max(0, self._careful - count)
        if not self._waiting:
            self._wake.clear()
        if self._problem:
            _log.info("records_written_again")
            self._problem = ""

    def _note_problem(self, problem: str) -> None:
        if problem != self._problem:
            _log.warning("records_delayed", problem=problem, waiting=len(self._waiting))
        self._problem = problem


def _size(record: Record) -> int:
    return len(record.body or b"") if isinstance(record, ResponseRecord) else 0

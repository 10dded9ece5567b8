"""Keeps what operators did to breakers in the operations database, with its audit in the same transaction.

A database that is away delays the writing, never the doing: the record waits in order and is written when the
database is back.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

import psycopg
import structlog
from psycopg.rows import class_row, dict_row
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.control import AuditAction, ControlAudit
from backend.contracts.providers import BreakerControl, ControlStatus
from backend.services.common.database import Database

DATABASE_ERRORS = (psycopg.Error, PoolTimeout, PoolClosed)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_PATIENCE = 2.0
"""Seconds that an operator waits for the database at most, also for one that is there and does not answer."""
_WRITE_ERRORS = (*DATABASE_ERRORS, TimeoutError)

_STATE: LiteralString = """
INSERT INTO breaker_control.states AS kept (provider, endpoint, control, author, reason, since, until, epoch)
VALUES (%(provider)s, %(endpoint)s, %(control)s, %(author)s, %(reason)s, %(since)s, %(until)s, %(epoch)s)
ON CONFLICT (provider, endpoint) DO UPDATE SET control = excluded.control, author = excluded.author,
    reason = excluded.reason, since = excluded.since, until = excluded.until, epoch = excluded.epoch
WHERE kept.since <= excluded.since
"""
_AUDIT: LiteralString = """
INSERT INTO breaker_control.audit (provider, endpoint, action, author, reason, until, before, epoch, at)
VALUES (%(provider)s, %(endpoint)s, %(action)s, %(author)s, %(reason)s, %(until)s, %(before)s, %(epoch)s,
    %(at)s)
RETURNING id
"""
_STATES: LiteralString = """
SELECT provider, endpoint, control, author, reason, since, until, epoch FROM breaker_control.states
WHERE until IS NULL OR until > now()
"""
_LIST: LiteralString = """
SELECT id, provider, endpoint, action, author, reason, until, before, epoch, at FROM breaker_control.audit
WHERE %(provider)s::text IS NULL OR provider = %(provider)s
ORDER BY id DESC LIMIT %(limit)s
"""

_log = structlog.get_logger()


@dataclass(frozen=True)
class ControlRecord:
    """One thing an operator did. `epoch` is the provider's, after it."""

    provider: str
    endpoint: str | None
    action: AuditAction
    author: str
    reason: str
    until: datetime | None
    before: str
    epoch: int
    at: datetime
    control: BreakerControl = BreakerControl.AUTOMATIC
    epochs: Mapping[str, int] = field(default_factory=dict)
    """The breakers whose state it set, with their epochs; none for a probe."""


@dataclass(frozen=True)
class KeptControl:
    """The state an operator gave a breaker, as the database has it."""

    provider: str
    endpoint: str
    control: str
    author: str
    reason: str
    since: datetime
    until: datetime | None
    epoch: int

    @property
    def status(self) -> ControlStatus:
        """The state alone."""
        return ControlStatus(
            control=BreakerControl(self.control),
            author=self.author,
            reason=self.reason,
            since=self.since,
            until=self.until,
        )


class ControlStore:
    """Run as a task: `run` until cancelled, then `end`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[ControlRecord] = deque()
        self._wake = asyncio.Event()
        self.problem = ""
        """What is wrong, in a sentence; empty when states and audit reach the database."""

    async def keep(self, record: ControlRecord) -> int | None:
        """The audit row's number; none when the database is away and the record waits for it."""
        if not self._waiting:
            try:
                return await self._write(record)
            except _WRITE_ERRORS as error:
                self._note(error)
        self._waiting.append(record)
        self._wake.set()
        return None

    async def run(self, take: Callable[[Sequence[KeptControl]], None]) -> None:
        """Give the kept states to `take` once, then write the records that wait, as soon as can be."""
        await self._persist(lambda: self._load(take))
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._persist(self._flush)

    async def end(self) -> None:
        """At shutdown: write what waits, or say that it is lost."""
        try:
            await self._flush()
        except _WRITE_ERRORS as error:
            lost = [f"{one.action} {one.provider} by {one.author}" for one in self._waiting]
            _log.critical("breaker_control_lost_at_shutdown", lost=lost, error=type(error).__name__)

    async def states(self) -> list[KeptControl]:
        """The states that operators gave and that have not expired."""
        async with self._database.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(KeptControl))
            return await (await cursor.execute(_STATES)).fetchall()

    async def audit(self, provider: str | None, limit: int) -> list[ControlAudit]:
        """What operators did, newest first."""
        async with self._database.pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(_LIST, {"provider": provider, "limit": limit})
            return [ControlAudit.model_validate(row) for row in await cursor.fetchall()]

    async def _flush(self) -> None:
        """Write the records that wait, in order; raises what the database raises, or TimeoutError."""
        while self._waiting:
            await self._write(self._waiting[0])
            self._waiting.popleft()

    async def _persist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Try until the database lets it be done."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await work()
            except _WRITE_ERRORS as error:
                self._note(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self.problem = ""
                return

    async def _load(self, take: Callable[[Sequence[KeptControl]], None]) -> None:
        take(await self.states())

    def _note(self, error: Exception) -> None:
        problem = f"the operations database cannot be used: {type(error).__name__}"
        if problem != self.problem:
            _log.warning("breaker_control_delayed", problem=problem, waiting=len(self._waiting))
        self.problem = problem

    async def _write(self, record: ControlRecord) -> int:
        common = {
            "provider": record.provider,
            "author": record.author,
            "reason": record.reason,
            "until": record.until,
        }
        state = {**common, "control": record.control.value, "since": record.at}
        audit = {
            **common,
            "endpoint": record.endpoint,
            "action": record.action.value,
            "before": record.before,
            "epoch": record.epoch,
            "at": record.at,
        }
        async with asyncio.timeout(_PATIENCE), self._database.pool.connection() as connection:
            for endpoint, epoch in record.epochs.items():
                await connection.execute(_STATE, {**state, "endpoint": endpoint, "epoch": epoch})
            row = await (await connection.execute(_AUDIT, audit)).fetchone()
            if row is None:
                raise psycopg.DataError("the audit row was not given a number")
            return int(row[0])

"""Keeps what operators did to breakers in the operations database, with its audit in the same transaction.

A database that is away delays the writing, never the doing: the record waits in order and is written when the
database is back.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
import structlog
from psycopg.rows import class_row, dict_row
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.control import ControlAction, ControlAudit
from backend.contracts.providers import BreakerControl, ControlStatus
from backend.services.common.database import Database

DATABASE_ERRORS = (psycopg.Error, PoolTimeout, PoolClosed)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_PATIENCE = 2.0
"""Seconds that an operator waits for the database at most."""

_STATE: LiteralString = """
INSERT INTO breaker_control.states AS kept (provider, endpoint, control, author, reason, since, until)
VALUES (%(provider)s, %(endpoint)s, %(control)s, %(author)s, %(reason)s, %(since)s, %(until)s)
ON CONFLICT (provider, endpoint) DO UPDATE SET control = excluded.control, author = excluded.author,
    reason = excluded.reason, since = excluded.since, until = excluded.until
WHERE kept.since <= excluded.since
"""
_AUDIT: LiteralString = """
INSERT INTO breaker_control.audit (provider, endpoint, action, author, reason, until, before, epoch, at)
VALUES (%(provider)s, %(endpoint)s, %(action)s, %(author)s, %(reason)s, %(until)s, %(before)s, %(epoch)s,
    %(at)s)
RETURNING id
"""
_STATES: LiteralString = """
SELECT provider, endpoint, control, author, reason, since, until FROM breaker_control.states
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
    """One thing an operator did. `endpoints`: the breakers whose state it set, none for a probe."""

    provider: str
    endpoint: str | None
    action: ControlAction
    author: str
    reason: str
    until: datetime | None
    before: str
    epoch: int
    at: datetime
    endpoints: tuple[str, ...] = ()
    control: BreakerControl = BreakerControl.AUTOMATIC


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
    """Run as tasks: `run` and `load`, until cancelled."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[ControlRecord] = deque()
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Records not yet in the database."""
        return len(self._waiting)

    async def keep(self, record: ControlRecord) -> int | None:
        """The audit row's number; none when the database is away and the record waits for it."""
        if not self._waiting:
            try:
                return await self._write(record)
            except DATABASE_ERRORS as error:
                _log.warning("breaker_control_delayed", error=type(error).__name__)
        self._waiting.append(record)
        self._wake.set()
        return None

    async def run(self) -> None:
        """Write the records that wait, in order, as soon as the database takes them."""
        pause = _FIRST_PAUSE
        while True:
            await self._wake.wait()
            try:
                await self.flush()
            except DATABASE_ERRORS:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._wake.clear()
                pause = _FIRST_PAUSE

    async def flush(self) -> None:
        """Write the records that wait; raises what the database raises."""
        while self._waiting:
            await self._write(self._waiting[0])
            self._waiting.popleft()

    async def load(self, take: Callable[[Sequence[KeptControl]], None]) -> None:
        """Give the kept states to `take` once, as soon as the database can be read."""
        pause = _FIRST_PAUSE
        while True:
            try:
                kept = await self.states()
            except DATABASE_ERRORS as error:
                _log.warning("breaker_control_not_loaded_yet", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                take(kept)
                return

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
        async with self._database.pool.connection(timeout=_PATIENCE) as connection:
            for endpoint in record.endpoints:
                await connection.execute(_STATE, {**state, "endpoint": endpoint})
            row = await (await connection.execute(_AUDIT, audit)).fetchone()
            if row is None:
                raise psycopg.DataError("the audit row was not given a number")
            return int(row[0])

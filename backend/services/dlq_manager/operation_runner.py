"""Carries operations out, from the tables alone: a manager that dies is followed by any replica.

Each step is one transaction that looks at the operation's state under its lock, so that a command takes
effect before the next step: after pause or cancel nothing new is handed to the outbox, and what lies there is
recalled. What the broker has by then is waited for.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letter_operations import OperationState
from backend.contracts.providers import ProviderStatus
from backend.services.common.database import Pool
from backend.services.dlq_manager.act_kinds import SENDING_NOTHING, Acting, apply_chunk
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.operation_changes import (
    HeldOperation,
    change_operation,
    hold_operation,
    pause_at_work,
)
from backend.services.dlq_manager.operation_progress import (
    canary_share,
    is_sample_left,
    progress,
    resumed_at,
    tripped,
)
from backend.services.dlq_manager.operation_sending import Member, hold_members, send_members
from backend.services.dlq_manager.pace import Pace, letters_a_second, why_not_yet
from backend.services.dlq_manager.provider_guard import held_by_breaker
from backend.services.dlq_manager.provider_limits import ProviderLimits
from backend.services.dlq_manager.recall import recall
from backend.services.dlq_manager.transitions import Connection

S = OperationState
WINDOW = 200
"""Letters of one operation whose outcome is not known: what a cancellation leaves in limbo at most."""
BATCH = 100
FAILURES = 5
"""Steps of one operation that fail in a row before it is paused."""
LEASE_SECONDS = 15
IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.05
PACE_SECONDS = 0.1
_CLEAR_AT_ONCE = 5_000
_log = structlog.get_logger()

# A lease that ends later than one can is from before the clock went back: nobody may be holding it.
_LEASE: LiteralString = """
UPDATE dead_letters.operations SET lease = %(lease)s,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE id IN (
    SELECT id FROM dead_letters.operations
    WHERE finished_at IS NULL AND state IN ('scheduled', 'canary', 'running')
        AND (lease IS NULL OR lease = %(lease)s OR lease_until < clock_timestamp()
            OR lease_until > clock_timestamp() + make_interval(secs => %(seconds)s))
    ORDER BY created_at FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
# Those that keep to the providers' limits, on all replicas, and have something to send.
_SHARING: LiteralString = """
SELECT count(*) FROM dead_letters.operations AS o
WHERE o.finished_at IS NULL AND o.state IN ('canary', 'running') AND o.kind IN ('retry', 'patch')
    AND (o.options ->> 'respect_budget')::boolean
    AND EXISTS (
        SELECT FROM dead_letters.operation_items AS i
        WHERE i.operation_id = o.id AND i.outcome = 'pending'
    )
"""
_NOW: LiteralString = "SELECT clock_timestamp()"
_WAITS: LiteralString = "UPDATE dead_letters.operations SET state_reason = %s WHERE id = %s"
# What was pending when an operation was cancelled.
_CLEAR: LiteralString = """
UPDATE dead_letters.operation_items SET outcome = 'cancelled', changed_at = clock_timestamp()
WHERE (operation_id, position) IN (
    SELECT i.operation_id, i.position FROM dead_letters.operations AS o
    JOIN dead_letters.operation_items AS i ON i.operation_id = o.id
    WHERE o.state = 'cancelled' AND o.finished_at > clock_timestamp() - interval '1 day'
        AND i.outcome = 'pending'
    LIMIT %s
)
"""


class OperationRunner:
    """The background task. `wake` tells the outbox that there is something to send."""

    def __init__(
        self, pool: Pool, limits: ProviderLimits, music: MusicReadings, wake: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._music = music
        self._wake_outbox = wake
        self._lease = uuid4()
        self._paces: dict[UUID, Pace] = {}
        self._failures: Counter[UUID] = Counter()
        self._sharing = 1
        self._asked = asyncio.Event()

    def rates(self) -> dict[UUID, float | None]:
        """Letters a second at which this replica sends, by operation; none: as fast as they are taken."""
        return {operation: pace.rate for operation, pace in self._paces.items()}

    def wake(self) -> None:
        """An operation was started or changed: do not wait for the next look."""
        self._asked.set()

    async def run(self) -> None:
        """Work for ever; what goes wrong is told and tried again."""
        while True:
            self._asked.clear()
            moved = 0
            try:
                moved = await self.round()
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                _log.warning("operations_wait", reason=str(error))
            except Exception as error:  # noqa: BLE001 - a defect must not end the work of all operations
                _log.error("operations_wait", exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._pause(moved))

    def _pause(self, moved: int) -> float:
        """Short while an operation is under way: its pace is kept by looking often, not by large batches."""
        if moved:
            return BUSY_SECONDS
        return PACE_SECONDS if self._paces else IDLE_SECONDS

    async def round(self) -> int:
        """One step of each operation that is this replica's to do; how much was moved."""
        leased = await self._leased()
        self._paces = {one: self._paces.get(one, Pace()) for one in leased}
        moved = sum([await self._attempt(one) for one in leased])
        async with self._pool.connection() as connection:
            moved += (await connection.execute(_CLEAR, (_CLEAR_AT_ONCE,))).rowcount
        return moved

    async def _leased(self) -> list[UUID]:
        async with self._pool.connection() as connection:
            arguments = {"lease": self._lease, "seconds": LEASE_SECONDS}
            leased = [row[0] for row in await (await connection.execute(_LEASE, arguments)).fetchall()]
            row = await (await connection.execute(_SHARING)).fetchone() if leased else None
            self._sharing = row[0] if row else 1
            return leased

    async def _attempt(self, operation: UUID) -> int:
        """A step that fails is told and tried again; it holds up no other operation.

        One that fails again and again, though the database answers, is paused with the reason.
        """
        try:
            moved = await self._step(operation)
        except (psycopg.OperationalError, PoolTimeout, PoolClosed) as error:
            _log.warning("operation_step_failed", operation=str(operation), reason=str(error))
            return 0
        except Exception as error:  # noqa: BLE001 - a defect of one must not end the work of all
            _log.error("operation_step_failed", operation=str(operation), exc_info=error)
            self._failures[operation] += 1
            if self._failures[operation] >= FAILURES:
                await self._give_up(operation, error)
            return 0
        self._failures.pop(operation, None)
        return moved

    async def _give_up(self, operation: UUID, error: Exception) -> None:
        self._failures.pop(operation, None)
        why = f"Its next step failed {FAILURES} times: {type(error).__name__}: {str(error)[:300]}"
        async with self._pool.connection() as connection:
            if await pause_at_work(connection, operation, why):
                await recall(connection, operation)

    async def _step(self, operation: UUID) -> int:
        # Asked before anything is locked: the gateway may take its time.
        statuses = await self._limits.now()
        calls = await self._music.calls_per_track()
        async with self._pool.connection() as connection:
            held = await hold_operation(connection, operation)
            if held is None or held.state not in {S.SCHEDULED, S.CANARY, S.RUNNING}:
                return 0
            if held.state is S.SCHEDULED:
                return await self._wait(connection, held)
            if held.kind in SENDING_NOTHING:
                return await _act(connection, held)
            rate = letters_a_second(held.options, calls, statuses, self._sharing)
            return await self._send(connection, held, rate, statuses)

    async def _wait(self, connection: Connection, held: HeldOperation) -> int:
        why = await self._why_not_yet(connection, held)
        if why:
            if why != held.state_reason:
                await connection.execute(_WAITS, (why, held.id))
            return 0
        state = S.CANARY if await is_sample_left(connection, held) else S.RUNNING
        await change_operation(connection, held, state, "due")
        return 1

    async def _why_not_yet(self, connection: Connection, held: HeldOperation) -> str:
        due, condition = held.options.not_before, held.options.when
        # By the database's clock, as everything that several managers have to agree on.
        now = await (await connection.execute(_NOW)).fetchone()
        if due is not None and now is not None and due > now[0]:
            return f"Starts at {due:%Y-%m-%d %H:%M UTC}."
        if condition is None:
            return ""
        statuses = await self._limits.now()
        status = statuses.get(condition.provider)
        closed = 0.0
        if status is not None:
            closed = (datetime.now(UTC) - status.circuit_breaker.since).total_seconds()
        return why_not_yet(condition, statuses, closed)

    async def _send(
        self,
        connection: Connection,
        held: HeldOperation,
        rate: float | None,
        statuses: Mapping[str, ProviderStatus],
    ) -> int:
        if why := await tripped(connection, held):
            await _stop(connection, held, S.PAUSED, why)
            return 0
        is_canary = held.state is S.CANARY
        state = await progress(connection, held, canary=is_canary, most=WINDOW)
        if state.is_done:
            await _finish_stage(connection, held)
            return 1
        room = min(BATCH, WINDOW - state.in_flight)
        pace = self._paces.setdefault(held.id, Pace())
        allowed = pace.allowed(rate, room)
        if allowed < 1 or not state.has_pending:
            return 0
        members = await hold_members(connection, held.id, allowed, canary=is_canary)
        resumed = await resumed_at(connection, held)
        if (kept := held_by_breaker(members, statuses, resumed)) is not None:
            waits = held.options.when is not None and held.options.when.provider == kept.provider
            await _stop(connection, held, S.SCHEDULED if waits else S.PAUSED, kept.reason)
            return 0
        superseded = await self._superseded(held, members)
        sent = await send_members(connection, held, members, superseded)
        pace.took(sent)
        if sent:
            self._wake_outbox()
        return len(members)

    async def _superseded(self, held: HeldOperation, members: list[Member]) -> dict[str, str]:
        """Letters whose track was enriched since; none while the music database cannot be asked."""
        if not held.options.skip_superseded:
            return {}
        keyed = [(one.business_key, one.failed_at, one.message_id) for one in members if one.business_key]
        found = await self._music.superseded([(key, at) for key, at, _ in keyed])
        return {keyed[place][2]: one.request_id for place, one in (found or {}).items()}


async def _stop(connection: Connection, held: HeldOperation, state: S, why: str) -> None:
    """It sends nothing for now, and what the broker does not have yet is taken back."""
    await change_operation(connection, held, state, "paused" if state is S.PAUSED else "waits", reason=why)
    await recall(connection, held.id)


async def _act(connection: Connection, held: HeldOperation) -> int:
    acting = Acting(
        operation_id=held.id,
        kind=held.kind,
        author=held.author,
        reason=held.reason,
        undoes=held.undoes,
        takes_quarantined=True,  # which of them are members was decided when they were frozen
    )
    settled = await apply_chunk(connection, acting)
    if not settled:
        await change_operation(connection, held, S.COMPLETED, "completed")
    return settled


async def _finish_stage(connection: Connection, held: HeldOperation) -> None:
    """The sample is back, or everything is."""
    if held.state is S.RUNNING:
        await change_operation(connection, held, S.COMPLETED, "completed")
        return
    share = await canary_share(connection, held)
    wanted = held.options.accept_share
    if wanted is not None and share is not None and share >= wanted:
        await change_operation(connection, held, S.RUNNING, "sample accepted")
    else:
        await change_operation(connection, held, S.DECIDING, "sample is back")

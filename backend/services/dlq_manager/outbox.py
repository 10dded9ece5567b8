"""Sends what operators asked to send again: the original bytes, to the original queue."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letter_views import ProblemKind
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    HEADER_FAILURE,
    HEADER_GENERATION,
    HEADER_OPERATION,
    Broker,
    BrokerError,
    BrokerUnavailableError,
    HeaderValue,
    Message,
    MessageRefusedError,
)
from backend.services.common.database import Pool
from backend.services.dlq_manager import outbox_rows
from backend.services.dlq_manager.outbox_rows import Intent, Refusal
from backend.services.dlq_manager.problem_board import ProblemBoard
from backend.services.dlq_manager.recall import recall

POLL_SECONDS = 1.0
_BATCH = 100
_SOURCE = "outbox"
_STRIPPED = frozenset({HEADER_FAILURE, HEADER_DEATH_QUEUE, HEADER_DEATH_COUNT})
_log = structlog.get_logger()


class Outbox:
    """Publishes intents. Dying between confirm and commit means sending the same generation once more.

    That a batch is handed over is committed before it is published, so that until then, also while the broker
    is away, a pause or a cancellation can take it back.
    """

    def __init__(self, pool: Pool, broker: Broker, board: ProblemBoard | None = None) -> None:
        self._pool = pool
        self._broker = broker
        self._board = board or ProblemBoard()
        self._is_away = False
        self._asked = asyncio.Event()

    def wake(self) -> None:
        """There is something to send: do not wait for the next poll."""
        self._asked.set()

    async def run(self) -> None:
        """Background task: send for ever; what goes wrong is told and tried again."""
        while True:
            self._asked.clear()
            try:
                while await self.send_due():
                    pass
                self._board.clear(_SOURCE)
            except Exception as error:  # noqa: BLE001 - whatever it is, letters wait and the task goes on
                self._tell(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), POLL_SECONDS)

    async def send_due(self) -> int:
        """Send what is due, up to one batch; how many intents were finished. BrokerUnavailableError."""
        async with self._pool.connection() as connection:
            recalled = await recall(connection)
            waiting = await outbox_rows.is_waiting(connection)
        if not waiting:
            return recalled
        # Nothing is handed to a broker that is known to be away: it could not be recalled any more.
        if self._is_away and (why := await self._broker.problem()):
            raise BrokerUnavailableError(why)
        async with self._pool.connection() as connection:
            handed = await outbox_rows.hand_over(connection, _BATCH)
        return recalled + await self._send(handed)

    async def _send(self, handed: dict[int, bool]) -> int:
        away: BrokerUnavailableError | None = None
        sent: list[Intent] = []
        refused: list[Refusal] = []
        async with self._pool.connection() as connection:
            due = await outbox_rows.take(connection, list(handed))
            for queue in sorted({intent.routing_key for intent in due}):
                intents = [one for one in due if one.routing_key == queue]
                try:
                    refusals = await self._publish(queue, intents)
                except BrokerUnavailableError as error:
                    away = error
                    if error.nothing_sent:
                        await outbox_rows.keep(connection, [one.id for one in intents if handed[one.id]])
                    continue
                refused += refusals
                left = {one.intent.id for one in refusals}
                sent += [one for one in intents if one.id not in left]
            await outbox_rows.settle(connection, sent, refused)
        self._is_away = away is not None
        if away is not None:
            raise away
        return len(due)

    async def _publish(self, queue: str, intents: Sequence[Intent]) -> list[Refusal]:
        """Those that the broker did not take. BrokerUnavailableError: what it has is not known.

        A batch of which the broker does not say what it refused is halved until that is known.
        """
        try:
            await self._broker.publish(queue, [_replayed(intent) for intent in intents])
        except BrokerUnavailableError:
            raise
        except BrokerError as error:
            if error.refused_ids is not None:
                intents = [one for one in intents if one.message_id in error.refused_ids]
            elif isinstance(error, MessageRefusedError) and len(intents) > 1:
                middle = len(intents) // 2
                halves = (intents[:middle], intents[middle:])
                return [one for half in halves for one in await self._publish(queue, half)]
            return [Refusal(intent, str(error)) for intent in intents]
        return []

    def _tell(self, error: Exception) -> None:
        known = (BrokerUnavailableError, psycopg.Error, PoolTimeout, PoolClosed)
        _log.warning("outbox_waits", reason=str(error), exc_info=None if isinstance(error, known) else error)
        if isinstance(error, psycopg.errors.DiskFull):
            text = "PostgreSQL has no space left on its disk: nothing is sent again. Free some space."
            self._board.tell(_SOURCE, ProblemKind.DISK_FULL, text)
            return
        why = str(error).rstrip(".") or type(error).__name__
        text = f"Letters to be sent again wait: {why}. They go by themselves when that is over."
        self._board.tell(_SOURCE, ProblemKind.NOT_SENT, text)


def _replayed(intent: Intent) -> Message:
    """The original message under its own id; our headers say which dead letter and which sending it is."""
    headers: dict[str, HeaderValue] = {
        name: value for name, value in intent.headers.items() if name not in _STRIPPED
    }
    headers[HEADER_DEAD_LETTER_ID] = intent.message_id
    headers[HEADER_GENERATION] = intent.generation
    headers[HEADER_OPERATION] = str(intent.operation_id)
    return Message(
        message_id=intent.message_id,
        body=bytes(intent.body),
        content_type=intent.content_type,
        correlation_id=intent.correlation_id,
        headers=headers,
    )

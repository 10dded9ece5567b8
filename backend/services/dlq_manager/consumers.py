"""The two queues the dead-letter manager consumes: failures, and outcomes of what was sent again."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letter_views import ProblemKind
from backend.contracts.dead_letters import ReplayOutcome
from backend.messaging.port import (
    Broker,
    BrokerError,
    Delivery,
    DeliveryLostError,
    TopologyConflictError,
)
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_OUTCOMES, QUEUES
from backend.services.dlq_manager.arrivals import Arrival, bare_arrival, deadly_arrival, read_arrival
from backend.services.dlq_manager.crash_guard import CrashGuard
from backend.services.dlq_manager.delivery_batches import batched
from backend.services.dlq_manager.intake import Intake
from backend.services.dlq_manager.outcomes import Outcomes
from backend.services.dlq_manager.problem_board import ProblemBoard
from backend.services.dlq_manager.service_metrics import DlqMetrics

RETRY_SECONDS = 2.0
_DISK_FULL = (
    "PostgreSQL has no space left on its disk, so nothing is taken off the queue {queue}. Nothing is lost: "
    "it waits in the broker. Free some space; taking in goes on by itself."
)
_CRASH_LOOP = "crash loop"
_CAREFUL = (
    "The dead-letter manager died several times with the same messages in hand. They are taken in one at a "
    "time now; the one that it dies of is quarantined unread. Nothing is lost."
)
_log = structlog.get_logger()


class Consumers:
    """Commit first, then acknowledge: a delivery that could not be stored is put back, never rejected."""

    def __init__(
        self,
        broker: Broker,
        intake: Intake,
        outcomes: Outcomes,
        metrics: DlqMetrics,
        board: ProblemBoard,
        guard: CrashGuard,
        prefetch: int,
    ) -> None:
        self._broker = broker
        self._intake = intake
        self._outcomes = outcomes
        self._metrics = metrics
        self._prefetch = prefetch
        self._board = board
        self._guard = guard

    async def run_intake(self) -> None:
        """Background task: take in failures for ever."""
        await self._run(ENRICHMENT_DEAD)

    async def run_outcomes(self) -> None:
        """Background task: apply outcomes for ever."""
        await self._run(ENRICHMENT_OUTCOMES)

    async def _run(self, queue: str) -> None:
        while True:
            try:
                await self._broker.declare(QUEUES)
                await self._consume(queue)
            except BrokerError as error:
                unsafe = isinstance(error, TopologyConflictError)
                self._tell(queue, ProblemKind.UNSAFE_QUEUE if unsafe else ProblemKind.NOT_CONSUMED, error)
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                self._tell(queue, ProblemKind.NOT_CONSUMED, error)
            else:
                continue
            await asyncio.sleep(RETRY_SECONDS)

    def _tell(self, queue: str, kind: ProblemKind, error: Exception) -> None:
        why = str(error).rstrip(".") or type(error).__name__
        self._board.tell(queue, kind, f"The queue {queue} is not consumed: {why}.")
        _log.warning("queue_unavailable", queue=queue, reason=str(error))

    async def _consume(self, queue: str) -> None:
        """Until something goes wrong, or messages need not come one at a time any more."""
        is_guarded = queue == ENRICHMENT_DEAD
        if is_guarded:
            await self._guard.inherit()
        is_careful = is_guarded and self._guard.is_careful
        prefetch = 1 if is_careful else self._prefetch
        if is_careful:
            _log.error("crash_loop", queue=queue, remedy="messages are taken in one at a time")
            self._board.tell(_CRASH_LOOP, ProblemKind.CRASH_LOOP, _CAREFUL)
        async with (
            self._broker.consume(queue, prefetch=prefetch) as deliveries,
            aclosing(batched(deliveries, prefetch)) as batches,
        ):
            self._board.clear(queue)
            async for batch in batches:
                await self._settle(queue, batch)
                if is_careful and not self._guard.is_careful:
                    self._board.clear(_CRASH_LOOP)
                    return

    async def _settle(self, queue: str, batch: Sequence[Delivery]) -> None:
        """Together; a batch that fails is halved until the message that cannot be stored stands alone."""
        try:
            if queue == ENRICHMENT_DEAD:
                await self._take(batch)
            else:
                await self._apply(batch)
        except Exception as error:  # noqa: BLE001 - whatever failed, no message may be lost
            await self._recover(queue, batch, error)
        else:
            self._board.clear(f"{queue} stored")
            await asyncio.gather(*map(self._acknowledge, batch))

    async def _recover(self, queue: str, batch: Sequence[Delivery], error: Exception) -> None:
        if _is_away(error):
            # No message is to blame: all go back, and the pause lets the database come to itself.
            _log.warning("database_unavailable", queue=queue, reason=str(error), put_back=len(batch))
            if isinstance(error, psycopg.errors.DiskFull):
                self._board.tell(f"{queue} stored", ProblemKind.DISK_FULL, _DISK_FULL.format(queue=queue))
            await self._put_back(batch)
            await asyncio.sleep(RETRY_SECONDS)
        elif len(batch) > 1:
            middle = len(batch) // 2
            await self._settle(queue, batch[:middle])
            await self._settle(queue, batch[middle:])
        else:
            await self._keep_unreadable(queue, batch[0], error)

    async def _keep_unreadable(self, queue: str, delivery: Delivery, error: Exception) -> None:
        """A dead letter that cannot be stored as it is: its bytes are, quarantined. An outcome goes back.

        There is no queue behind that of the dead letters; behind that of the outcomes there is.
        """
        message_id = delivery.message.message_id
        _log.error("message_not_stored", queue=queue, message_id=message_id, exc_info=error)
        if queue != ENRICHMENT_DEAD:
            await self._put_back([delivery])
            return
        try:
            await self._intake.take(bare_arrival(delivery.message, error))
        except Exception as again:  # noqa: BLE001 - then it stays where it is
            _log.error("message_put_back", queue=queue, message_id=message_id, exc_info=again)
            await self._put_back([delivery])
        else:
            self._metrics.taken_in.labels("unreadable").inc()
            await self._acknowledge(delivery)

    async def _put_back(self, batch: Sequence[Delivery]) -> None:
        for delivery in batch:
            try:
                await delivery.nack(RETRY_SECONDS)
            except DeliveryLostError as error:
                _log.warning("delivery_lost", reason=str(error))

    async def _acknowledge(self, delivery: Delivery) -> None:
        try:
            await delivery.ack()
        except DeliveryLostError as error:
            # It is stored, and will be recognised when it comes again.
            _log.warning("delivery_lost", reason=str(error))

    async def _take(self, batch: Sequence[Delivery]) -> None:
        messages = [delivery.message for delivery in batch]
        await self._guard.mark(messages)
        arrivals = [self._read(delivery) for delivery in batch]
        taken = await self._intake.take_all(arrivals)
        await self._guard.survived(messages)
        for arrival, how in zip(arrivals, taken, strict=True):
            self._metrics.taken_in.labels(how.value).inc()
            _log.info(
                "dead_letter_taken_in",
                message_id=arrival.message_id,
                taken=how.value,
                error_type=arrival.report.error_type,
                correlation_id=arrival.message.correlation_id,
            )

    def _read(self, delivery: Delivery) -> Arrival:
        if self._guard.is_deadly(delivery.message):
            _log.error("deadly_message_set_aside", message_id=delivery.message.message_id)
            return deadly_arrival(delivery.message)
        return read_arrival(delivery.message, delivery.delivery_count)

    async def _apply(self, batch: Sequence[Delivery]) -> None:
        """An outcome that cannot be read raises; after its delivery limit it becomes a dead letter itself."""
        outcomes = [ReplayOutcome.model_validate_json(delivery.message.body) for delivery in batch]
        applied = await self._outcomes.apply_all(outcomes)
        for outcome, how in zip(outcomes, applied, strict=True):
            self._metrics.outcomes.labels(how.value).inc()
            _log.info("replay_outcome", message_id=outcome.message_id, applied=how.value)


def _is_away(error: Exception) -> bool:
    """Whether the database cannot be used now; a row that breaks one of its limits is another matter."""
    away = isinstance(error, (psycopg.OperationalError, PoolTimeout, PoolClosed))
    return away and not isinstance(error, psycopg.errors.ProgramLimitExceeded)

"""The two queues the dead-letter manager consumes: failures, and outcomes of what was sent again."""

import asyncio

import structlog

from backend.contracts.dead_letters import ReplayOutcome
from backend.messaging.port import Broker, BrokerError, Delivery, DeliveryLostError
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_OUTCOMES, QUEUES
from backend.services.dlq_manager.arrivals import read_arrival
from backend.services.dlq_manager.intake import Intake
from backend.services.dlq_manager.outcomes import Outcomes
from backend.services.dlq_manager.service_metrics import DlqMetrics

RETRY_SECONDS = 2.0
_log = structlog.get_logger()


class Consumers:
    """Commit first, then acknowledge: a delivery that could not be stored is put back, never rejected."""

    def __init__(
        self, broker: Broker, intake: Intake, outcomes: Outcomes, metrics: DlqMetrics, prefetch: int
    ) -> None:
        self._broker = broker
        self._intake = intake
        self._outcomes = outcomes
        self._metrics = metrics
        self._prefetch = prefetch

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
                async with self._broker.consume(queue, prefetch=self._prefetch) as deliveries:
                    async for delivery in deliveries:
                        await self._settle(queue, delivery)
            except BrokerError as error:
                _log.warning("queue_unavailable", queue=queue, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _settle(self, queue: str, delivery: Delivery) -> None:
        try:
            if queue == ENRICHMENT_DEAD:
                await self._take(delivery)
            else:
                await self._apply(delivery)
        except Exception as error:  # noqa: BLE001 - whatever failed, the message stays in the queue
            _log.error(
                "message_put_back", queue=queue, message_id=delivery.message.message_id, exc_info=error
            )
            await delivery.nack(RETRY_SECONDS)
        else:
            await self._acknowledge(delivery)

    async def _acknowledge(self, delivery: Delivery) -> None:
        try:
            await delivery.ack()
        except DeliveryLostError as error:
            # It is stored, and will be recognised when it comes again.
            _log.warning("delivery_lost", reason=str(error))

    async def _take(self, delivery: Delivery) -> None:
        arrival = read_arrival(delivery.message)
        taken = await self._intake.take(arrival)
        self._metrics.taken_in.labels(taken.value).inc()
        _log.info(
            "dead_letter_taken_in",
            message_id=arrival.message_id,
            taken=taken.value,
            error_type=arrival.report.error_type,
            correlation_id=delivery.message.correlation_id,
        )

    async def _apply(self, delivery: Delivery) -> None:
        """An outcome that cannot be read raises; after its delivery limit it becomes a dead letter itself."""
        outcome = ReplayOutcome.model_validate_json(delivery.message.body)
        applied = await self._outcomes.apply(outcome)
        self._metrics.outcomes.labels(applied.value).inc()
        _log.info("replay_outcome", message_id=outcome.message_id, applied=applied.value)

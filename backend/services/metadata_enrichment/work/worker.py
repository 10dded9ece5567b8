"""Consumes the work queue: batches, and dead letters that are sent again."""

import asyncio
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from backend.contracts.dead_letters import ReplayOutcome
from backend.contracts.enrichment import EnrichmentStatus, EnrichRequest, EnrichResponse
from backend.messaging.port import Broker, BrokerError, Delivery, DeliveryLostError, Message
from backend.messaging.topology import ENRICHMENT_OUTCOMES, ENRICHMENT_REQUESTS, QUEUES
from backend.services.metadata_enrichment.work.enricher import Enricher
from backend.services.metadata_enrichment.work.failures import EnrichmentError, Origin, bury

RETRY_SECONDS = 5.0
"""Pause before a message is taken again, or the broker tried again, after the broker failed."""
_FINISH_SECONDS = 8.0

_log = structlog.get_logger()


class Worker:
    """Takes requests off the queue, at most `concurrency` at a time.

    A message is acknowledged when its result is committed, or its dead letter confirmed, never before; so
    a message may be processed twice, and the second time finds the track in Gold.
    """

    def __init__(self, broker: Broker, enricher: Enricher, concurrency: int) -> None:
        self._broker = broker
        self._enricher = enricher
        self._concurrency = concurrency

    async def run(self) -> None:
        """Background task: consume for ever; wait for the broker while it is away."""
        while True:
            try:
                await self._broker.declare(QUEUES)
                await self._consume()
            except BrokerError as error:
                _log.warning("work_queue_unavailable", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _consume(self) -> None:
        running: set[asyncio.Task[None]] = set()
        async with self._broker.consume(ENRICHMENT_REQUESTS, prefetch=self._concurrency) as deliveries:
            try:
                async for delivery in deliveries:
                    task = asyncio.create_task(self._handle(delivery))
                    running.add(task)
                    task.add_done_callback(running.discard)
            finally:
                await _finish(running)

    async def _handle(self, delivery: Delivery) -> None:
        try:
            await self._process(delivery.message)
            await delivery.ack()
        except DeliveryLostError as error:
            _log.warning("delivery_lost", message_id=delivery.message.message_id, reason=str(error))
        except Exception as error:  # noqa: BLE001 - a defect must not hold the message for ever
            unexpected = None if isinstance(error, BrokerError) else error
            message_id = delivery.message.message_id
            _log.warning("message_put_back", message_id=message_id, reason=str(error), exc_info=unexpected)
            await self._put_back(delivery)

    async def _put_back(self, delivery: Delivery) -> None:
        try:
            await delivery.nack(RETRY_SECONDS)
        except BrokerError as error:
            # Its lease ends by itself, and the message is delivered again.
            _log.warning("message_left_to_its_lease", reason=str(error))

    async def _process(self, message: Message) -> None:
        origin = Origin(message)
        try:
            request = EnrichRequest.model_validate_json(message.body)
        except ValidationError as error:
            undecodable = EnrichmentError("UndecodableMessage", f"No enrichment request: {_first(error)}")
            await bury(self._broker, origin, undecodable)
            return
        source = "replay" if origin.is_replay else "queue"
        answer = await self._enricher.enrich(request, source=source, message=message)
        if origin.is_replay and answer.status is not EnrichmentStatus.FAILED:
            await self._broker.publish(ENRICHMENT_OUTCOMES, [_outcome(origin, answer)])


async def _finish(running: set[asyncio.Task[None]]) -> None:
    """Let what is being processed end; what takes longer is given back and delivered again."""
    if not running:
        return
    _done, late = await asyncio.wait(set(running), timeout=_FINISH_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _outcome(origin: Origin, answer: EnrichResponse) -> Message:
    outcome = ReplayOutcome(
        message_id=origin.dead_letter_id,
        generation=origin.generation,
        request_id=answer.request_id,
        track_id=answer.track_id,
        status=answer.status.value,
        finished_at=datetime.now(UTC),
    )
    return Message(
        message_id=f"{origin.dead_letter_id}/{origin.generation}",
        body=outcome.model_dump_json().encode(),
        correlation_id=answer.correlation_id,
    )


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'the body'}: {problem['msg']}"

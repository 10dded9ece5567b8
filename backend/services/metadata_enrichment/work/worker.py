"""Consumes the work queue: batches, and dead letters that are sent again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from backend.contracts.dead_letters import ReplayOutcome
from backend.contracts.enrichment import EnrichmentStatus, EnrichRequest, EnrichResponse
from backend.messaging.port import (
    LONGEST_DELAY_SECONDS,
    Broker,
    BrokerError,
    Delivery,
    DeliveryLostError,
    Message,
)
from backend.messaging.topology import DELIVERY_LIMIT, ENRICHMENT_OUTCOMES, ENRICHMENT_REQUESTS, QUEUES
from backend.services.metadata_enrichment.service_metrics import EnrichmentMetrics
from backend.services.metadata_enrichment.work.enricher import Enricher
from backend.services.metadata_enrichment.work.failures import EnrichmentError, HeldBackError, Origin, bury
from backend.services.metadata_enrichment.work.pause import Pause

RETRY_SECONDS = 5.0
"""Pause before a message is taken again, or the broker tried again, after the broker failed."""
FINISH_SECONDS = 8.0
"""How long what is being processed may take to end when the worker stops."""

_log = structlog.get_logger()


class Worker:
    """Takes requests off the queue, at most `concurrency` at a time; with 0 it only declares the queues.

    A message is acknowledged when its result is committed, or its dead letter confirmed, never before; so
    a message may be delivered twice, and the second time is recognised.

    A message for which nobody can be asked now is put back until somebody can, and the worker pauses with
    it. Only its last delivery, and a dead letter that an operator sent again, ends as a dead letter then.
    """

    def __init__(
        self,
        broker: Broker,
        enricher: Enricher,
        metrics: EnrichmentMetrics,
        concurrency: int,
        prefetch: int = 0,
    ) -> None:
        self._broker = broker
        self._enricher = enricher
        self._metrics = metrics
        self._concurrency = concurrency
        self._prefetch = max(prefetch, concurrency)
        self._pause = Pause()
        metrics.pause_seconds.set_function(lambda: self._pause.seconds_left)

    async def run(self) -> None:
        """Background task: consume for ever; wait for the broker while it is away. Cancel it once to stop."""
        while True:
            try:
                await self._broker.declare(QUEUES)
                await self._consume()
            except BrokerError as error:
                _log.warning("work_queue_unavailable", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _consume(self) -> None:
        if not self._concurrency:
            await asyncio.Event().wait()
        running: set[asyncio.Task[None]] = set()
        async with self._broker.consume(ENRICHMENT_REQUESTS, prefetch=self._prefetch) as deliveries:
            try:
                await self._take(deliveries, running)
            finally:
                await _finish(running)

    async def _take(self, deliveries: AsyncIterator[Delivery], running: set[asyncio.Task[None]]) -> None:
        while True:
            if len(running) >= self._concurrency:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            await self._pause.over()
            task = asyncio.create_task(self._handle(await anext(deliveries)))
            running.add(task)
            task.add_done_callback(running.discard)

    async def _handle(self, delivery: Delivery) -> None:
        try:
            with self._metrics.in_flight.track_inprogress():
                await self._process(delivery)
            await delivery.ack()
        except HeldBackError as error:
            await self._hold_back(delivery, error)
        except DeliveryLostError as error:
            _log.warning("delivery_lost", message_id=delivery.message.message_id, reason=str(error))
        except Exception as error:  # noqa: BLE001 - a defect must not hold the message for ever
            unexpected = None if isinstance(error, BrokerError) else error
            message_id = delivery.message.message_id
            _log.warning("message_put_back", message_id=message_id, reason=str(error), exc_info=unexpected)
            await self._put_back(delivery, RETRY_SECONDS)

    async def _hold_back(self, delivery: Delivery, error: HeldBackError) -> None:
        wait = _seconds_to_wait(error, delivery.delivery_count)
        # Without a time it may be this track alone that nobody answers for: the others wait no longer.
        self._pause.extend(RETRY_SECONDS if error.retry_at is None else wait)
        message_id, seconds = delivery.message.message_id, round(wait, 1)
        _log.warning("message_held_back", message_id=message_id, seconds=seconds, reason=str(error))
        await self._put_back(delivery, wait)

    async def _put_back(self, delivery: Delivery, seconds: float) -> None:
        self._metrics.put_back.inc()
        try:
            await delivery.nack(seconds)
        except BrokerError as error:
            # Its lease ends by itself, and the message is delivered again.
            _log.warning("message_left_to_its_lease", reason=str(error))

    async def _process(self, delivery: Delivery) -> None:
        message = delivery.message
        origin = Origin(message)
        try:
            request = EnrichRequest.model_validate_json(message.body)
        except ValidationError as error:
            undecodable = EnrichmentError(
                "UndecodableMessage", f"No enrichment request: {_first(error)}", place="reading"
            )
            await bury(self._broker, origin, undecodable)
            return
        may_wait = not origin.is_replay and delivery.delivery_count < DELIVERY_LIMIT
        answer = await self._enricher.enrich(
            request, source=origin.source, message=message, may_wait=may_wait
        )
        if origin.is_replay and answer.status is not EnrichmentStatus.FAILED:
            await self._broker.publish(ENRICHMENT_OUTCOMES, [_outcome(origin, answer)])


async def _finish(running: set[asyncio.Task[None]]) -> None:
    """Let what is being processed end; what takes longer is given back and delivered again."""
    if not running:
        return
    _done, late = await asyncio.wait(set(running), timeout=FINISH_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _seconds_to_wait(error: HeldBackError, deliveries: int) -> float:
    """Until it may be worth it, as far as somebody knows; else longer each time."""
    if error.retry_at is None:
        wait = RETRY_SECONDS * 2.0 ** min(deliveries - 1, 10)
    else:
        wait = (error.retry_at - datetime.now(UTC)).total_seconds()
    return min(max(wait, RETRY_SECONDS), LONGEST_DELAY_SECONDS)


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

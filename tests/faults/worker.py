"""Stands for the enrichment service while brokers die: what it cannot report it reports again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from backend.messaging.port import Broker, BrokerError, Delivery
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_OUTCOMES, ENRICHMENT_REQUESTS
from tests.backend.services.dlq_manager.enrichment_worker import Verdict, failure, success
from tests.faults.stand import publish_until_confirmed


@asynccontextmanager
async def steady_worker(broker: Broker, verdict: Verdict) -> AsyncIterator[None]:
    """A worker while the block lasts; it outlives everything. An error of its own fails the test."""
    task = asyncio.create_task(_work(broker, verdict))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _work(broker: Broker, verdict: Verdict) -> None:
    while True:
        with suppress(BrokerError):  # also when its queue was deleted: somebody makes it again
            async with broker.consume(ENRICHMENT_REQUESTS, prefetch=50) as deliveries:
                async for delivery in deliveries:
                    await _handle(broker, verdict, delivery)
        await asyncio.sleep(0.1)


async def _handle(broker: Broker, verdict: Verdict, delivery: Delivery) -> None:
    message = delivery.message
    if verdict(message):
        await publish_until_confirmed(broker, ENRICHMENT_OUTCOMES, [success(message)])
    else:
        await publish_until_confirmed(broker, ENRICHMENT_DEAD, [failure(message)])
    with suppress(BrokerError):  # it is delivered again, and reported again
        await delivery.ack()

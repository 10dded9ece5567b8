"""Stands for the enrichment service: takes what is sent again and says how it went."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letters import ReplayOutcome
from backend.database.address import DatabaseAddress
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_FAILURE,
    HEADER_GENERATION,
    Broker,
    Message,
)
from backend.messaging.postgres import PostgresBroker
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_OUTCOMES, ENRICHMENT_REQUESTS
from tests.backend.services.dlq_manager.manager import report

Verdict = Callable[[Message], bool]
"""Whether a message is processed this time."""


@asynccontextmanager
async def working(operations: DatabaseAddress, verdict: Verdict) -> AsyncIterator[list[Message]]:
    """A worker on the queues in the database while the block lasts; gives what it has taken, in order."""
    async with (
        AsyncConnectionPool(kwargs=operations.conninfo(), open=False, min_size=1, max_size=3) as pool,
        working_on(PostgresBroker(pool), verdict) as taken,
    ):
        yield taken


@asynccontextmanager
async def working_on(broker: Broker, verdict: Verdict) -> AsyncIterator[list[Message]]:
    """A worker on an open broker while the block lasts; gives what it has taken, in order."""
    taken: list[Message] = []
    task = asyncio.create_task(_work(broker, verdict, taken))
    try:
        yield taken
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _work(broker: Broker, verdict: Verdict, taken: list[Message]) -> None:
    async with broker.consume(ENRICHMENT_REQUESTS, prefetch=50) as deliveries:
        async for delivery in deliveries:
            message = delivery.message
            if verdict(message):
                await broker.publish(ENRICHMENT_OUTCOMES, [success(message)])
            else:
                await broker.publish(ENRICHMENT_DEAD, [failure(message)])
            taken.append(message)
            await delivery.ack()


def success(message: Message) -> Message:
    """The outcome of a sending that was processed."""
    outcome = ReplayOutcome(
        message_id=str(message.headers[HEADER_DEAD_LETTER_ID]),
        generation=int(message.headers[HEADER_GENERATION]),
        request_id="request-1",
        track_id="t-1",
        status="completed",
        finished_at=datetime.now(UTC),
    )
    name = f"{outcome.message_id}/{outcome.generation}"
    return Message(name, outcome.model_dump_json().encode())


def failure(message: Message) -> Message:
    """The sending as it comes back."""
    headers = {**message.headers, HEADER_FAILURE: report("Still not there: HTTP 503").model_dump_json()}
    return Message(message.message_id, message.body, headers=headers)

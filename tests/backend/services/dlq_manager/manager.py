"""Helpers of the dead-letter manager's tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letters import DeadLetterDetail, FailureReport, ReplayOutcome
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_FAILURE,
    HEADER_GENERATION,
    Message,
)
from backend.messaging.postgres import PostgresBroker
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_REQUESTS
from backend.services.common.database import Pool
from backend.services.dlq_manager.arrivals import read_arrival
from backend.services.dlq_manager.intake import Intake, Taken
from backend.services.dlq_manager.operations import Operations
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.outcomes import Applied, Outcomes
from backend.services.dlq_manager.queries import Queries

TOKEN = "sentinel-admin-token"
BODY = b'{"track_id": "t-1", "artist_name": "Faithless", "track_title": "Insomnia"}'


def report(error: str = "The provider answered with HTTP 500", **more: Any) -> FailureReport:
    """A failure as the enrichment service reports it."""
    told: dict[str, Any] = {
        "error_type": "NoProviderAnswered",
        "error_message": error,
        "source_service": "metadata-enrichment",
        "routing_key": ENRICHMENT_REQUESTS,
        "failed_at": datetime.now(UTC),
    }
    return FailureReport(**{**told, **more})


def dead(message_id: str = "letter-1", generation: int = 0, body: bytes = BODY, **more: Any) -> Message:
    """A message as it lies on the dead-letter queue; a returned one carries the dead letter's headers."""
    headers: dict[str, str | int] = {HEADER_FAILURE: report(**more).model_dump_json()}
    if generation:
        headers |= {HEADER_DEAD_LETTER_ID: message_id, HEADER_GENERATION: generation}
    return Message(message_id, body, correlation_id="trace-1", headers=headers)


def outcome(message_id: str = "letter-1", generation: int = 1) -> ReplayOutcome:
    """A success as the enrichment service reports it."""
    return ReplayOutcome(
        message_id=message_id,
        generation=generation,
        request_id="request-1",
        track_id="t-1",
        status="completed",
        finished_at=datetime.now(UTC),
    )


class Manager:
    """The parts without the background tasks."""

    def __init__(self, pool: Pool, broker: PostgresBroker) -> None:
        self.pool = pool
        self.broker = broker
        self.ages: list[float] = []
        self.intake = Intake(pool)
        self.operations = Operations(pool, self.ages.append)
        self.outbox = Outbox(pool, broker)
        self.outcomes = Outcomes(pool, self.ages.append)
        self.queries = Queries(pool, broker)

    async def take(self, message: Message) -> Taken:
        return await self.intake.take(read_arrival(message))

    async def send(self, message_id: str = "letter-1") -> None:
        """Replay as an operator would, until the broker has it."""
        done, text = await self.operations.replay(message_id, "operator")
        assert done == "success", text
        assert await self.outbox.send_due() == 1

    async def resolve(self, message_id: str = "letter-1", generation: int = 1) -> Applied:
        return await self.outcomes.apply(outcome(message_id, generation))

    async def letter(self, message_id: str = "letter-1") -> DeadLetterDetail:
        found = await self.queries.one(message_id)
        assert found is not None
        return found

    async def sent(self) -> list[Message]:
        """Everything on the work queue, taken off it."""
        waiting = await self.broker.depth(ENRICHMENT_REQUESTS)
        async with self.broker.consume(ENRICHMENT_REQUESTS, prefetch=1) as deliveries:
            found = []
            for _ in range(waiting):
                delivery = await anext(deliveries)
                found.append(delivery.message)
                await delivery.ack()
        return found


@dataclass(frozen=True)
class ManagerAddress:
    """The served application, and the database behind it."""

    url: str
    operations: DatabaseAddress

    def ask(self, method: str, path: str, *, token: str | None = TOKEN, **more: Any) -> httpx.Response:
        """One call, with the operator's token unless told otherwise."""
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, **more)

    async def publish(self, *messages: Message) -> None:
        """Put messages on the dead-letter queue."""
        async with AsyncConnectionPool(kwargs=self.operations.conninfo(), open=False, min_size=1) as pool:
            await PostgresBroker(pool).publish(ENRICHMENT_DEAD, messages)

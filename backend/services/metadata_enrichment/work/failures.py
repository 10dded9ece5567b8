"""Hands a request that could not be processed to the dead-letter queue, bytes unchanged."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letters import FailureReport
from backend.contracts.environment import ENRICHMENT
from backend.contracts.gateway import Outcome
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_FAILURE,
    HEADER_GENERATION,
    HEADER_OPERATION,
    HEADER_REVISIT,
    Broker,
    Message,
)
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_REQUESTS
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError
from backend.services.metadata_enrichment.work.gathering import Gathered

_LONGEST_MESSAGE = 2_000
_LONGEST_STACK = 16_000
"""A message's headers travel in one frame of 128 KB on RabbitMQ."""
_KEPT_HEADERS = (HEADER_DEAD_LETTER_ID, HEADER_GENERATION, HEADER_OPERATION)


class EnrichmentError(Exception):
    """An enrichment that failed: the name, the text and the provider to blame, for the operator.

    `is_passing`: the same request may well succeed at another time, `retry_at` at the earliest if known.
    `place` is the part of the work it failed in, `outcome_class` what the providers to blame did in the
    gateway's classes, where that is known.
    """

    def __init__(
        self,
        error_type: str,
        message: str,
        provider: str | None = None,
        *,
        is_passing: bool = False,
        retry_at: datetime | None = None,
        place: str = "",
        outcome_class: str | None = None,
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.provider = provider
        self.is_passing = is_passing
        self.retry_at = retry_at
        self.place = place
        self.outcome_class = outcome_class


class HeldBackError(Exception):
    """A queued request cannot be worked on now, through no fault of its own. It was not kept anywhere else.

    `retry_at`: from when on it may be worth another attempt; none when nobody knows.
    """

    def __init__(self, reason: str, retry_at: datetime | None) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


@dataclass(frozen=True)
class Origin:
    """The message that a request came with; a replay carries the dead letter's headers."""

    message: Message

    @property
    def is_replay(self) -> bool:
        """Whether a dead letter was sent again."""
        return HEADER_DEAD_LETTER_ID in self.message.headers

    @property
    def dead_letter_id(self) -> str:
        """Under which id a failure of this message is kept."""
        return str(self.message.headers.get(HEADER_DEAD_LETTER_ID, self.message.message_id))

    @property
    def generation(self) -> int:
        """How often it was sent again, 0 for an original."""
        return int(self.message.headers.get(HEADER_GENERATION, 0))

    @property
    def source(self) -> str:
        """How it came in, as Silver records it."""
        if self.is_replay:
            return "replay"
        return "revisit" if HEADER_REVISIT in self.message.headers else "queue"

    @property
    def key(self) -> str:
        """The same for every delivery of this message, another one each time it is sent."""
        return f"{self.dead_letter_id}/{self.generation}" if self.is_replay else self.message.message_id


async def bury(
    broker: Broker, origin: Origin, error: BaseException, metadata: Mapping[str, Any] | None = None
) -> str:
    """Publish the dead letter and give its id, when the broker has confirmed it. BrokerError otherwise."""
    report = FailureReport(
        error_type=error.error_type if isinstance(error, EnrichmentError) else type(error).__name__,
        error_message=_plain(str(error) or "no further information")[:_LONGEST_MESSAGE],
        stack_trace=_plain("".join(traceback.format_exception(error)))[-_LONGEST_STACK:],
        provider=error.provider if isinstance(error, EnrichmentError) else None,
        source_service=ENRICHMENT,
        routing_key=ENRICHMENT_REQUESTS,
        failed_at=datetime.now(UTC),
        place=error.place if isinstance(error, EnrichmentError) else "",
        outcome_class=error.outcome_class if isinstance(error, EnrichmentError) else None,
        trace_id=origin.message.correlation_id,
        metadata=dict(metadata or {}),
    )
    kept = {name: origin.message.headers[name] for name in _KEPT_HEADERS if name in origin.message.headers}
    dead = Message(
        message_id=origin.dead_letter_id,
        body=origin.message.body,
        content_type=origin.message.content_type,
        correlation_id=origin.message.correlation_id,
        headers={**kept, HEADER_FAILURE: report.model_dump_json()},
    )
    await broker.publish(ENRICHMENT_DEAD, [dead])
    return origin.dead_letter_id


def nobody_answered(gathered: Gathered) -> EnrichmentError:
    """The error for a track that no provider could be asked about."""
    providers = list(dict.fromkeys(answer.provider for answer in gathered.answers))
    blamed = providers[0] if len(providers) == 1 else None
    passing = [answer for answer in gathered.answers if answer.may_answer_later]
    return EnrichmentError(
        "NoProviderAnswered",
        f"No provider could answer: {'; '.join(gathered.complaints)}",
        blamed,
        is_passing=bool(passing),
        retry_at=min((answer.retry_at for answer in passing if answer.retry_at), default=None),
        place="gathering",
        outcome_class=_common_class(gathered),
    )


def _common_class(gathered: Gathered) -> str | None:
    """What all that could not answer did; none when they did different things.

    An open breaker is the failure that opened it: an outage is one class before and after it opens.
    """
    outcomes = {answer.outcome for answer in gathered.answers if not answer.was_answered}
    if outcomes == {Outcome.FAILURE, Outcome.BREAKER_OPEN}:
        outcomes = {Outcome.FAILURE}
    return outcomes.pop().value if len(outcomes) == 1 else None


def held_back(error: Exception) -> HeldBackError | None:
    """The error for a message that should wait and come again; none when waiting would not help it."""
    if isinstance(error, EnrichmentError):
        return HeldBackError(error.message, error.retry_at) if error.is_passing else None
    if isinstance(error, (psycopg.OperationalError, PoolTimeout, PoolClosed, ConfigurationError)):
        return HeldBackError(f"the database cannot be used now ({type(error).__name__})", None)
    return None


def _plain(text: str) -> str:
    """Without NUL, which PostgreSQL cannot store in a text."""
    return text.replace("\x00", "")

"""Hands a request that could not be processed to the dead-letter queue, bytes unchanged."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.contracts.dead_letters import FailureReport
from backend.contracts.environment import ENRICHMENT
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_FAILURE,
    HEADER_GENERATION,
    HEADER_OPERATION,
    Broker,
    Message,
)
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_REQUESTS
from backend.services.metadata_enrichment.work.gathering import Gathered

_LONGEST_MESSAGE = 2_000
_LONGEST_STACK = 16_000
"""A message's headers travel in one frame of 128 KB on RabbitMQ."""
_KEPT_HEADERS = (HEADER_DEAD_LETTER_ID, HEADER_GENERATION, HEADER_OPERATION)


class EnrichmentError(Exception):
    """An enrichment that failed: the name, the text and the provider to blame, for the operator."""

    def __init__(self, error_type: str, message: str, provider: str | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.provider = provider


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
    return EnrichmentError(
        "NoProviderAnswered", f"No provider could answer: {'; '.join(gathered.complaints)}", blamed
    )


def _plain(text: str) -> str:
    """Without NUL, which PostgreSQL cannot store in a text."""
    return text.replace("\x00", "")

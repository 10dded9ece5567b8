"""What the services need of a message broker, whichever one it is.

Delivery is at least once: a message stays in its queue until a consumer has acknowledged it, so every
consumer must be idempotent by `message_id`. Nothing is ever dropped: a message that is delivered too often
moves to the dead-letter queue of its queue.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

HEADER_DEAD_LETTER_ID = "sn-dlq-id"
"""Which dead letter a replayed message is."""
HEADER_GENERATION = "sn-dlq-gen"
"""How often that dead letter has been sent again, this time included; grows by one each time."""
HEADER_OPERATION = "sn-dlq-op"
"""Which operator's action sent it."""
HEADER_REVISIT = "sn-revisit"
"""On a request queued because a provider is back: which one."""
HEADER_FAILURE = "sn-failure"
"""On a dead letter: a `FailureReport` as JSON. Messages moved by the delivery limit have none."""
HEADER_DEATH_QUEUE = "sn-death-queue"
"""On a message moved by the delivery limit: the queue it was moved from."""
HEADER_DEATH_COUNT = "sn-death-count"
"""On a message moved by the delivery limit: how often it had been delivered."""

WITHOUT_ID = "without-id-"
"""How the id begins that a message gets which came without one; it is another one at each delivery."""

HeaderValue = str | int | float | bool

PROBLEM_SECONDS = 2.0
"""How long `Broker.problem` waits for an answer."""

LONGEST_DELAY_SECONDS = 300.0
"""The longest delay that a message can be put back with."""


class BrokerError(Exception):
    """The broker could not do what was asked."""

    refused_ids: frozenset[str] | None = None
    """Of a publish: which messages were refused, where the broker told; it has all others then."""


class BrokerUnavailableError(BrokerError):
    """The broker does not answer. Whether a publish took effect is unknown: send again with the same id."""

    nothing_sent: bool = False
    """Of a publish: it surely took no effect, because there was nobody to send anything to."""


class UnknownQueueError(BrokerError):
    """The queue was never declared; nothing was published."""


class MessageRefusedError(BrokerError):
    """The broker cannot hold this message: PostgreSQL no NUL in a header, RabbitMQ no header of 128 KB."""


class PublishRejectedError(BrokerError):
    """The broker takes no more into the queue for now, for example because it is full: send again later."""


class TopologyConflictError(BrokerError):
    """A queue exists with other properties than the ones declared."""


class DeliveryLostError(BrokerError):
    """The lease of this delivery ended before it was settled; the message will be or was delivered again."""


@dataclass(frozen=True)
class QueueSpec:
    """A queue as it has to be.

    `delivery_limit` and `dead_letter_queue` come together: after that many unsuccessful deliveries the
    message moves there. Without them it is delivered until somebody acknowledges it. `lease_seconds` is how
    long a dead consumer can hold a message back; on RabbitMQ that is decided by the connection's heartbeat.
    """

    name: str
    delivery_limit: int | None = None
    dead_letter_queue: str | None = None
    lease_seconds: float = 60.0

    def __post_init__(self) -> None:
        if (self.delivery_limit is None) != (self.dead_letter_queue is None):
            raise ValueError(f"queue {self.name}: a delivery limit needs a dead-letter queue and the reverse")


@dataclass(frozen=True)
class Message:
    """A message: its bytes are never interpreted by the broker."""

    message_id: str
    body: bytes
    content_type: str = "application/json"
    correlation_id: str | None = None
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)


class Delivery(Protocol):
    """A message handed to a consumer, who must settle it once: after its own commit, never before."""

    @property
    def message(self) -> Message:
        """The message."""
        ...

    @property
    def delivery_count(self) -> int:
        """Which delivery this is, from 1; more than 1 means that an earlier one was not acknowledged."""
        ...

    async def ack(self) -> None:
        """Take the message off the queue. DeliveryLostError when the lease had ended."""
        ...

    async def nack(self, delay_seconds: float = 0.0) -> None:
        """Put it back, to be delivered again not before the delay. DeliveryLostError as for `ack`.

        RabbitMQ keeps to steps of 1, 5, 30 and 300 seconds and rounds up. ValueError for a delay above
        LONGEST_DELAY_SECONDS.
        """
        ...


class Broker(Protocol):
    """The port. Every method but `problem` may raise BrokerUnavailableError.

    An asynchronous context manager: leaving it closes what the broker opened itself.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def declare(self, queues: Sequence[QueueSpec]) -> None:
        """Make the queues, or check that they are as described (TopologyConflictError). Idempotent."""
        ...

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Returns when the broker has every message durably.

        UnknownQueueError, MessageRefusedError, PublishRejectedError. PostgreSQL then has none of them;
        RabbitMQ may have some, and sending all again with the same ids is safe.
        """
        ...

    def consume(self, queue: str, *, prefetch: int) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]:
        """Deliveries, oldest first, at most `prefetch` unsettled at a time; endless.

        Leaving the context gives back what was not settled. A broker that goes away during consumption is
        waited for.
        """
        ...

    async def depth(self, queue: str) -> int:
        """Messages in the queue, those put back with a delay and those at a consumer included.

        RabbitMQ tells nobody what is at the consumers of other processes: those are left out.
        """
        ...

    async def problem(self) -> str:
        """Why the broker cannot be used now, in a short sentence; empty when it answers."""
        ...

    def hindered(self) -> Mapping[str, str]:
        """Queues whose consumer here gets nothing at present, with why: known from its last attempt."""
        ...

    def unchecked(self) -> str:
        """What `declare` could not check of the queues' safety, in a sentence; empty when nothing is open."""
        ...


def checked_delay(seconds: float) -> float:
    """The delay, when a message can be put back with it. ValueError otherwise."""
    if not 0 <= seconds <= LONGEST_DELAY_SECONDS:
        raise ValueError(
            f"a delay of {seconds:g} s was asked for; possible: 0 to {LONGEST_DELAY_SECONDS:g} s"
        )
    return seconds

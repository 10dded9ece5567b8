"""Queues on RabbitMQ: as they must be so that none can drop a message, declared or compared."""

import re
from typing import Any

from aio_pika.exceptions import ChannelPreconditionFailed

from backend.messaging.port import QueueSpec, TopologyConflictError, UnknownQueueError
from backend.messaging.rabbitmq_connection import RabbitConnection
from backend.messaging.rabbitmq_messages import wait_queue

WAITS = (1, 5, 30, 300)
"""Seconds a message can wait for. Each is a queue of its own: in a queue only its oldest message expires."""

NO_LIMIT = 10**12
"""Deliveries that nothing reaches. RabbitMQ 4 gives a queue without a limit one of 20, and then drops."""

SETTLE_SECONDS = 1.5
"""After RabbitMQ 3.10 has answered that a quorum queue is made, it takes up to a second until its name is on
disk. Who loses power before that loses the queue, and the messages that it has confirmed since."""

_INEQUIVALENT = re.compile(
    r"inequivalent arg '(?P<name>[^']+)' for queue .*: received (?P<wanted>.+) but current is (?P<found>.+)"
)


def work_arguments(spec: QueueSpec) -> dict[str, Any]:
    """The arguments of the queue. Arguments, unlike policies, cannot be changed under a running system.

    RabbitMQ's limit is the deliveries after the first. Dead letters move at least once only together with
    a publish that is rejected when the queue is full; otherwise RabbitMQ falls back to at most once.
    """
    limit = NO_LIMIT if spec.delivery_limit is None else spec.delivery_limit - 1
    arguments = {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-delivery-limit": limit}
    return arguments if spec.dead_letter_queue is None else arguments | _moving_to(spec.dead_letter_queue)


def arguments_by_queue(spec: QueueSpec) -> dict[str, dict[str, Any]]:
    """Everything that has to exist for a queue: itself, and where its messages wait."""
    waits = {wait_queue(spec.name, seconds): wait_arguments(spec.name, seconds) for seconds in WAITS}
    return {spec.name: work_arguments(spec), **waits}


def wait_arguments(queue: str, seconds: int) -> dict[str, Any]:
    """The arguments of a queue from which messages move back to `queue` after so many seconds."""
    return {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-delivery-limit": NO_LIMIT,
        "x-message-ttl": seconds * 1000,
        **_moving_to(queue),
    }


def wait_step(delay_seconds: float) -> int:
    """The shortest wait that is not shorter than the delay."""
    return next(seconds for seconds in WAITS if seconds >= delay_seconds)


async def declare_queue(connection: RabbitConnection, name: str, arguments: dict[str, Any]) -> bool:
    """Make the queue or compare it (TopologyConflictError); gives whether it is new."""
    is_new = await ready_messages(connection, name) is None
    async with connection.short_channel() as channel:
        try:
            await channel.declare_queue(name, durable=True, arguments=arguments)
        except ChannelPreconditionFailed as error:
            raise TopologyConflictError(_conflict(name, str(error))) from error
    return is_new


async def ready_messages(connection: RabbitConnection, queue: str) -> int | None:
    """Messages that no consumer has; None for a queue that does not exist."""
    try:
        async with connection.short_channel() as channel:
            declared = await channel.declare_queue(queue, passive=True)
    except UnknownQueueError:
        return None
    return declared.declaration_result.message_count or 0


def _moving_to(queue: str) -> dict[str, Any]:
    """Through the default exchange, which reaches every queue by its name: no binding can be missing."""
    return {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
    }


def _conflict(queue: str, answer: str) -> str:
    remedy = "Let its consumers empty it, delete it, and start again."
    if found := _INEQUIVALENT.search(answer):
        return (
            f"queue {queue} has {found['name']} {found['found'].rstrip()}, wanted is {found['wanted']}: "
            f"it could lose messages or count them otherwise. {remedy}"
        )
    return f"queue {queue} exists with other properties: {answer}. {remedy}"

"""Messages as RabbitMQ carries them, and what its own headers say about their past."""

import math
import re
import struct
from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4

from aio_pika import DeliveryMode
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractIncomingMessage, HeadersType

from backend.messaging.port import (
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    WITHOUT_ID,
    HeaderValue,
    Message,
    MessageRefusedError,
)

HEADER_DELIVERIES = "sn-deliveries"
"""On a message that was put back with a delay: how often it had been delivered. RabbitMQ counts anew then."""

LARGEST_HEADERS = 120_000
"""Bytes of all properties, which travel in one frame of 131,072; RabbitMQ ends the connection above that."""
_LONGEST_NAME = 128
_BROKERS_OWN = "x-"
_WAITED_IN = re.compile(r"\.wait\.\d+s$")


def wait_queue(queue: str, seconds: int) -> str:
    """Name of the queue in which messages of `queue` wait for that long."""
    return f"{queue}.wait.{seconds}s"


def outgoing(message: Message, deliveries: int = 0) -> AmqpMessage:
    """The message to publish. MessageRefusedError when RabbitMQ cannot carry it unchanged."""
    headers = {name: _carried(name, value) for name, value in message.headers.items()}
    if deliveries:
        headers[HEADER_DELIVERIES] = deliveries
    if not message.message_id:
        raise MessageRefusedError("a message needs an id: consumers recognise a second delivery by it")
    amqp = AmqpMessage(
        message.body,
        headers=cast(HeadersType, headers),
        content_type=message.content_type,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        delivery_mode=DeliveryMode.PERSISTENT,
    )
    _measure(amqp)
    return amqp


def delivery_count(incoming: AbstractIncomingMessage) -> int:
    """Which delivery this is, from 1: those before it was put back with a delay, and RabbitMQ's count."""
    before = incoming.headers.get(HEADER_DELIVERIES, 0) if _came_from_waiting(incoming.headers) else 0
    return _number(before) + _number(incoming.headers.get("x-delivery-count", 0)) + 1


def received(incoming: AbstractIncomingMessage, limits: Mapping[str, int]) -> Message:
    """The message of the port: RabbitMQ's headers taken away, or translated when it moved the message.

    `limits` are the known delivery limits by queue. A message without an id, which no publisher of ours
    sends, gets a new one: two copies of it can be seen, a lost one could not.
    """
    kept = {
        name: _readable(value)
        for name, value in incoming.headers.items()
        if not name.startswith(_BROKERS_OWN) and name != HEADER_DELIVERIES
    }
    return Message(
        message_id=_text(incoming.message_id) or f"{WITHOUT_ID}{uuid4()}",
        body=incoming.body,
        content_type=_text(incoming.content_type) or "application/octet-stream",
        correlation_id=_text(incoming.correlation_id),
        headers={**kept, **_death(incoming.headers, limits)},
    )


def _death(headers: Mapping[str, Any], limits: Mapping[str, int]) -> dict[str, HeaderValue]:
    """Where a message was moved from that its queue gave up, and after how many deliveries when known."""
    last = _last_death(headers)
    queue = _text(last.get("queue"))
    if not queue or _came_from_waiting(headers):
        return {}
    count = limits.get(queue)
    return {HEADER_DEATH_QUEUE: queue} | ({HEADER_DEATH_COUNT: count} if count else {})


def _came_from_waiting(headers: Mapping[str, Any]) -> bool:
    last = _last_death(headers)
    waited = _WAITED_IN.search(_text(last.get("queue")) or "")
    return last.get("reason") == "expired" and waited is not None


def _last_death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    """RabbitMQ's newest entry; anything else, such as one a stranger made up, counts as none."""
    deaths = headers.get("x-death")
    newest = deaths[0] if isinstance(deaths, list) and deaths else None
    return newest if isinstance(newest, dict) else {}


def _carried(name: str, value: HeaderValue) -> HeaderValue:
    if name.startswith(_BROKERS_OWN):
        raise MessageRefusedError(f"header {name[:40]}: names with {_BROKERS_OWN} belong to RabbitMQ")
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        raise MessageRefusedError(f"header {name[:40]}…: names have up to {_LONGEST_NAME} bytes")
    if isinstance(value, float) and not _survives_single_precision(value):
        raise MessageRefusedError(f"header {name}: RabbitMQ would round {value!r}; send it as a text")
    return value


def _survives_single_precision(value: float) -> bool:
    try:
        return math.isfinite(value) and struct.unpack(">f", struct.pack(">f", value))[0] == value
    except OverflowError:
        return False


def _measure(amqp: AmqpMessage) -> None:
    try:
        size = len(amqp.properties.marshal())
    except (TypeError, ValueError) as error:
        raise MessageRefusedError(f"RabbitMQ cannot carry the message: {error}") from error
    if size > LARGEST_HEADERS:
        raise MessageRefusedError(
            f"the headers have {size:,} bytes, RabbitMQ carries up to {LARGEST_HEADERS:,}; put it in the body"
        )


def _readable(value: object) -> HeaderValue:
    """A stranger's header of another type becomes its text: the message is more than one odd header."""
    return value if isinstance(value, str | int | float | bool) else str(value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0

"""Places at which a manager of the tests dies as by kill -9: the product itself knows nothing of them.

A failpoint is a name and how often its place is passed unharmed, such as `committed:2`.
"""

import asyncio
import functools
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from backend.messaging.port import Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.rabbitmq import RabbitBroker
from backend.services.dlq_manager import consumers, intake, operation_runner, operation_store, outbox_rows
from backend.services.dlq_manager.consumers import Consumers
from backend.services.dlq_manager.intake import Intake
from backend.services.dlq_manager.operation_runner import OperationRunner
from backend.services.dlq_manager.outcomes import Outcomes

Work = Callable[..., Awaitable[Any]]
Passing = Callable[[], None]

INGESTER = ("received", "stored", "committed", "acknowledging", "outcome")
"""A batch is in hand; in the transaction; after COMMIT; between two acks; an outcome is applied."""
REDRIVER = ("claimed", "intended", "sending", "sent", "confirmed")
"""Members are locked; the intent is committed; a publish is under way; the broker has it; before that is
committed."""
DEADLY = "deadly"
"""A message with this word in it is read."""
FREEZING = "frozen"
"""The members of an operation are written and not committed."""


def arm(failpoint: str) -> None:
    """From now on this process kills itself there."""
    name, _, times = failpoint.partition(":")
    passed = _counting(int(times or 0))
    for owner, attribute, wrap in _PLACES[name]:
        setattr(owner, attribute, wrap(getattr(owner, attribute), passed))


def _counting(times: int) -> Passing:
    left = times

    def passed() -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    return passed


def _before(work: Work, passed: Passing) -> Work:
    @functools.wraps(work)
    async def wrapped(*arguments: Any, **more: Any) -> Any:
        passed()
        return await work(*arguments, **more)

    return wrapped


def _after(work: Work, passed: Passing) -> Work:
    @functools.wraps(work)
    async def wrapped(*arguments: Any, **more: Any) -> Any:
        result = await work(*arguments, **more)
        # Looking for something to do, and finding nothing, is not the place that is meant.
        if result not in (0, []):
            passed()
        return result

    return wrapped


def _during(work: Work, passed: Passing) -> Work:
    """As soon as it has given the event loop its first bytes to write."""

    @functools.wraps(work)
    async def wrapped(*arguments: Any, **more: Any) -> Any:
        task = asyncio.ensure_future(work(*arguments, **more))
        for _ in range(3):
            await asyncio.sleep(0)
        passed()
        return await task

    return wrapped


def _at_the_word(read: Callable[..., Any], passed: Passing) -> Callable[..., Any]:
    @functools.wraps(read)
    def wrapped(message: Message, *more: Any) -> Any:
        if DEADLY.encode() in message.body:
            passed()
        return read(message, *more)

    return wrapped


_Place = tuple[Any, str, Callable[[Any, Passing], Any]]
_PLACES: dict[str, tuple[_Place, ...]] = {
    "received": ((Intake, "take_all", _before),),
    "stored": ((intake, "keep_new", _after),),
    "committed": ((Intake, "take_all", _after),),
    "acknowledging": ((Consumers, "_acknowledge", _after),),
    "outcome": ((Outcomes, "apply_all", _after),),
    "claimed": ((operation_runner, "hold_members", _after),),
    "intended": ((OperationRunner, "_step", _after),),
    "sending": ((PostgresBroker, "publish", _during), (RabbitBroker, "publish", _during)),
    "sent": ((PostgresBroker, "publish", _after), (RabbitBroker, "publish", _after)),
    "confirmed": ((outbox_rows, "settle", _after),),
    DEADLY: ((consumers, "read_arrival", _at_the_word),),
    FREEZING: ((operation_store, "freeze", _after),),
}

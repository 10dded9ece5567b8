"""What an operator can do to a dead letter: send it again, or let it go."""

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID, uuid4

from backend.contracts.dead_letters import DeadLetterState
from backend.services.common.database import Pool
from backend.services.dlq_manager.sending import intend
from backend.services.dlq_manager.transitions import Act, Held, change, hold

_OPEN = frozenset({DeadLetterState.FAILED, DeadLetterState.QUARANTINED})


class Done(StrEnum):
    """How an operation on one dead letter ended."""

    DONE = "success"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    """Its state does not allow it: somebody or something else was faster."""


class Operations:
    """Changes asked for by a person, each one transaction with its audit entry. psycopg errors pass."""

    def __init__(self, pool: Pool, observe_age: Callable[[float], None]) -> None:
        self._pool = pool
        self._observe_age = observe_age

    async def replay(self, message_id: str, actor: str, operation: UUID | None = None) -> tuple[Done, str]:
        """Record the intent to send it again; the outbox does. Says how in a sentence."""
        operation = operation or uuid4()
        async with self._pool.connection() as connection:
            held = await hold(connection, message_id)
            if held is None:
                return Done.NOT_FOUND, f"There is no dead letter {message_id}."
            if held.state not in _OPEN:
                return (
                    Done.CONFLICT,
                    f"Dead letter {message_id} is {_words(held)}; only failed ones are sent again.",
                )
            sent = await intend(connection, held, actor, "", operation)
        return Done.DONE, f"Dead letter {message_id} is being sent again (sending {sent.generation})."

    async def discard(self, message_id: str, actor: str, reason: str) -> tuple[Done, str]:
        """Let it go, with a reason. Its bytes and its history stay."""
        async with self._pool.connection() as connection:
            held = await hold(connection, message_id)
            if held is None:
                return Done.NOT_FOUND, f"There is no dead letter {message_id}."
            if held.state is DeadLetterState.DISCARDED:
                return Done.DONE, f"Dead letter {message_id} was discarded before."
            if held.state not in _OPEN:
                return (
                    Done.CONFLICT,
                    f"Dead letter {message_id} is {_words(held)} and cannot be discarded now.",
                )
            await change(connection, held, DeadLetterState.DISCARDED, Act("discard", actor, reason))
        self._observe_age(held.age_seconds)
        return Done.DONE, f"Dead letter {message_id} is discarded; its bytes and history are kept."


def _words(held: Held) -> str:
    return held.state.value.replace("_", " ")

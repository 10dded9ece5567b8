"""What an operator does to one letter at once: each command is one transaction with its audit entry."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from backend.contracts.dead_letter_operations import LetterCommand, LetterControl
from backend.contracts.dead_letters import DeadLetterState
from backend.services.common.database import Pool
from backend.services.dlq_manager import item_outcomes
from backend.services.dlq_manager.held_letters import hold_seen, state_before, words
from backend.services.dlq_manager.refusals import ConflictError, RefusedError
from backend.services.dlq_manager.repetition import RequestKey, is_repeated
from backend.services.dlq_manager.sending import intend
from backend.services.dlq_manager.transitions import Act, Connection, Held, change

S = DeadLetterState
_PENDING = frozenset({S.FAILED, S.QUARANTINED})
_FROM = {
    LetterCommand.RETRY: _PENDING,
    LetterCommand.DISCARD: _PENDING,
    LetterCommand.UNDO: frozenset({S.DISCARDED, S.QUARANTINED}),
    LetterCommand.QUARANTINE: frozenset({S.FAILED}),
    LetterCommand.RELEASE: frozenset({S.QUARANTINED}),
    LetterCommand.RESOLVE: frozenset({S.IN_FLIGHT}),
    LetterCommand.GIVE_UP_WAITING: frozenset({S.IN_FLIGHT}),
}
_NEEDS_REASON = frozenset(
    {
        LetterCommand.DISCARD,
        LetterCommand.QUARANTINE,
        LetterCommand.RELEASE,
        LetterCommand.RESOLVE,
        LetterCommand.GIVE_UP_WAITING,
    }
)
_Command = Callable[[Connection, Held, LetterControl], Awaitable[None]]


class LetterActs:
    """Commands on single letters. psycopg errors pass."""

    def __init__(self, pool: Pool, observe_age: Callable[[float], None]) -> None:
        self._pool = pool
        self._observe_age = observe_age

    async def control(self, message_id: str, control: LetterControl, key: RequestKey | None = None) -> None:
        """Do it, unless it was done under this key before.

        RefusedError, NotFoundError; ConflictError when the letter is no longer as it was seen.
        """
        command = control.command
        if command in _NEEDS_REASON and not control.reason.strip():
            raise RefusedError(f"Say why: the command {command.value} needs a reason.")
        async with self._pool.connection() as connection:
            if await is_repeated(connection, key):
                return
            held = await hold_seen(connection, message_id, control.version)
            if held.state not in _FROM[command]:
                raise ConflictError(_impossible(held, command))
            await _COMMANDS[command](connection, held, control)
        if command is LetterCommand.DISCARD:
            self._observe_age(held.age_seconds)


async def _retry(connection: Connection, held: Held, control: LetterControl) -> None:
    await intend(connection, held, control.author, control.reason, uuid4())


async def _discard(connection: Connection, held: Held, control: LetterControl) -> None:
    await change(connection, held, S.DISCARDED, _act("discard", control))


async def _quarantine(connection: Connection, held: Held, control: LetterControl) -> None:
    await change(connection, held, S.QUARANTINED, _act("quarantine", control))


async def _release(connection: Connection, held: Held, control: LetterControl) -> None:
    await change(connection, held, S.FAILED, _act("released from quarantine", control))


async def _undo(connection: Connection, held: Held, control: LetterControl) -> None:
    before = await state_before(connection, held)
    if before is None or before[0] not in _PENDING:
        raise ConflictError(
            f"Dead letter {held.message_id[:200]} is {words(held.state)} since it came in: there is nothing "
            "to take back. Release it instead."
        )
    state, why = before
    # A quarantine that is restored keeps the reason it had: it is what the next person has to know.
    reason = why if state is S.QUARANTINED and why else control.reason
    await change(connection, held, state, Act("undo", control.author, reason))


async def _resolve(connection: Connection, held: Held, control: LetterControl) -> None:
    proof = {"kind": "operator", "author": control.author, "reason": control.reason}
    await change(connection, held, S.RESOLVED, _act("resolve", control), proof=proof)
    await item_outcomes.resolved(connection, [item_outcomes.Ended(held.message_id, held.generation)])


async def _give_up(connection: Connection, held: Held, control: LetterControl) -> None:
    await change(connection, held, S.FAILED, _act("given up waiting", control))
    ended = item_outcomes.Ended(
        held.message_id, held.generation, held.fingerprint, "no news; given up waiting"
    )
    await item_outcomes.returned(connection, [ended])


_COMMANDS: dict[LetterCommand, _Command] = {
    LetterCommand.RETRY: _retry,
    LetterCommand.DISCARD: _discard,
    LetterCommand.UNDO: _undo,
    LetterCommand.QUARANTINE: _quarantine,
    LetterCommand.RELEASE: _release,
    LetterCommand.RESOLVE: _resolve,
    LetterCommand.GIVE_UP_WAITING: _give_up,
}


def _act(action: str, control: LetterControl) -> Act:
    return Act(action, control.author, control.reason)


def _impossible(held: Held, command: LetterCommand) -> str:
    possible = " or ".join(sorted(words(state) for state in _FROM[command]))
    return (
        f"Dead letter {held.message_id[:200]} is {words(held.state)}; {command.value.replace('_', ' ')} "
        f"is possible for {possible} ones only. Nothing was done."
    )

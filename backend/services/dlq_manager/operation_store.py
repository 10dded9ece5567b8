"""Makes operations and takes the commands of operators. The members are frozen before anything starts."""

from typing import LiteralString
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from backend.contracts.dead_letter_operations import (
    OperationCommand,
    OperationControl,
    OperationKind,
    OperationOptions,
    OperationRequest,
    OperationState,
)
from backend.services.common.database import Pool
from backend.services.dlq_manager.consent import needs_typed_count
from backend.services.dlq_manager.operation_changes import (
    HeldOperation,
    change_operation,
    hold_operation,
    note_operation,
)
from backend.services.dlq_manager.operation_members import draw_canary, freeze
from backend.services.dlq_manager.operation_progress import is_sample_left
from backend.services.dlq_manager.operation_rules import SENDING, check_request
from backend.services.dlq_manager.recall import recall
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError, RefusedError
from backend.services.dlq_manager.repetition import RequestKey, is_repeated
from backend.services.dlq_manager.transitions import Connection

S = OperationState
C = OperationCommand

_INSERT: LiteralString = """
INSERT INTO dead_letters.operations (id, kind, selection, title, options, author, reason, total, undoes)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0, %s)
"""
_TOTAL: LiteralString = "UPDATE dead_letters.operations SET total = %s WHERE id = %s"
_UNDONE: LiteralString = "SELECT kind FROM dead_letters.operations WHERE id = %s"
_OPTIONS: LiteralString = """
UPDATE dead_letters.operations SET options = %s, version = version + 1 WHERE id = %s
"""
_CLEARED_AT_ONCE = 50_000
"""Members of a cancelled operation; the runner does the rest, which is told as cancelled already."""
_CLEAR: LiteralString = """
UPDATE dead_letters.operation_items AS i SET outcome = 'cancelled', changed_at = clock_timestamp()
FROM (
    SELECT operation_id, position FROM dead_letters.operation_items
    WHERE operation_id = %s AND outcome = 'pending' ORDER BY position LIMIT %s FOR UPDATE
) AS p
WHERE i.operation_id = p.operation_id AND i.position = p.position
"""
_ALLOWED = {
    C.START: (S.FROZEN,),
    C.ACCEPT: (S.DECIDING,),
    C.PAUSE: (S.SCHEDULED, S.CANARY, S.RUNNING),
    C.RESUME: (S.PAUSED,),
    C.CANCEL: (S.FROZEN, S.SCHEDULED, S.CANARY, S.DECIDING, S.RUNNING, S.PAUSED),
    C.PACE: (S.FROZEN, S.SCHEDULED, S.CANARY, S.DECIDING, S.RUNNING, S.PAUSED),
}


class OperationStore:
    """Writes operations. psycopg errors pass; refusals say why and what to do."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, request: OperationRequest, key: RequestKey | None = None) -> UUID:
        """Freeze the members; the id. RefusedError when nothing matches or the request makes no sense."""
        check_request(request)
        # The id comes from the key, so that a repetition gives the same operation.
        operation = UUID(bytes=key.digest[:16], version=4) if key else uuid4()
        async with self._pool.connection() as connection:
            if await is_repeated(connection, key):
                return operation
            undone = await _undone_kind(connection, request)
            await connection.execute(_INSERT, _row(operation, request))
            total = await freeze(connection, operation, request, undone)
            if not total:
                raise RefusedError("No letter matches that this could be done to. Nothing was made.")
            await connection.execute(_TOTAL, (total, operation))
            if request.kind in SENDING and 0 < request.options.canary < total:
                await draw_canary(connection, operation, total, request.options.canary)
            await note_operation(connection, operation, "frozen", request.author, request.reason, S.FROZEN)
        return operation

    async def control(self, operation_id: UUID, asked: OperationControl) -> None:
        """Do what is asked. NotFoundError; ConflictError when it changed since; RefusedError."""
        async with self._pool.connection() as connection:
            held = await hold_operation(connection, operation_id)
            if held is None:
                raise NotFoundError(f"There is no operation {operation_id}.")
            if held.version != asked.version and asked.command not in {C.PAUSE, C.CANCEL}:
                raise ConflictError(
                    f"The operation has changed since you looked at it and is {held.state.value} now. "
                    "Nothing was done. Look at it again, then decide."
                )
            if held.state not in _ALLOWED[asked.command]:
                raise ConflictError(
                    f"The operation is {held.state.value}; it cannot be asked to {asked.command.value} now."
                )
            await _do(connection, held, asked)


async def _do(connection: Connection, held: HeldOperation, asked: OperationControl) -> None:
    if asked.command is C.PACE:
        options = held.options.model_copy(update={"per_second": asked.per_second})
        await connection.execute(_OPTIONS, (_json(options), held.id))
        pace = "as fast as possible" if asked.per_second is None else f"{asked.per_second:g} a second"
        await note_operation(connection, held.id, f"pace: {pace}", asked.author, asked.reason, held.state)
        return
    if asked.command is C.START:
        _check_typed(held, asked)
    state = await _next_state(connection, held, asked.command)
    await change_operation(connection, held, state, asked.command.value, asked.author, asked.reason)
    if state in {S.PAUSED, S.CANCELLED}:
        await recall(connection, held.id, asked.author)
    if state is S.CANCELLED:
        await connection.execute(_CLEAR, (held.id, _CLEARED_AT_ONCE))


async def _next_state(connection: Connection, held: HeldOperation, command: OperationCommand) -> S:
    match command:
        case C.PAUSE:
            return S.PAUSED
        case C.CANCEL:
            return S.CANCELLED
        case C.ACCEPT:
            return S.RUNNING
    if held.kind in SENDING and held.started_at is None and (held.options.when or held.options.not_before):
        return S.SCHEDULED
    return S.CANARY if await is_sample_left(connection, held) else S.RUNNING


def _check_typed(held: HeldOperation, asked: OperationControl) -> None:
    if needs_typed_count(held.total, None) and asked.typed_count != held.total:
        raise RefusedError(f"This acts on {held.total} letters. Type that number to start it.")


async def _undone_kind(connection: Connection, request: OperationRequest) -> OperationKind | None:
    if request.undoes is None:
        return None
    row = await (await connection.execute(_UNDONE, (UUID(request.undoes),))).fetchone()
    if row is None:
        raise NotFoundError(f"There is no operation {request.undoes} to take back.")
    kind = OperationKind(row[0])
    if kind not in {OperationKind.DISCARD, OperationKind.QUARANTINE}:
        raise RefusedError(f"A {kind.value} cannot be taken back; only a discard or a quarantine can.")
    return kind


def _row(operation: UUID, request: OperationRequest) -> tuple[object, ...]:
    undoes = None if request.undoes is None else UUID(request.undoes)
    title = request.title or request.kind.value.capitalize()
    selection = Jsonb(request.selection.model_dump(mode="json"))
    named = (operation, request.kind.value, selection, title)
    return (*named, _json(request.options), request.author, request.reason, undoes)


def _json(options: OperationOptions) -> Jsonb:
    return Jsonb(options.model_dump(mode="json"))

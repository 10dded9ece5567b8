"""Which letters an operation may act on, and which requests for one make no sense."""

from uuid import UUID

from backend.contracts.dead_letter_operations import OperationKind, OperationRequest
from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.patch_steps import PatchError, read_patch
from backend.services.dlq_manager.refusals import RefusedError

S = DeadLetterState
K = OperationKind
SENDING = frozenset({K.RETRY, K.PATCH})
_WITH_QUARANTINED = frozenset({K.RETRY, K.PATCH, K.DISCARD})
_FROM = {
    K.RETRY: frozenset({S.FAILED}),
    K.PATCH: frozenset({S.FAILED}),
    K.DISCARD: frozenset({S.FAILED}),
    K.QUARANTINE: frozenset({S.FAILED}),
    K.RELEASE: frozenset({S.QUARANTINED}),
    K.RESOLVE: frozenset({S.IN_FLIGHT}),
}


def takes_quarantined(request: OperationRequest) -> bool:
    """Whether quarantined letters are meant: asked for, picked by hand, or the only state selected."""
    chosen = request.selection
    return (
        request.options.include_quarantined
        or chosen.message_ids is not None
        or chosen.states == [S.QUARANTINED]
    )


def acting_states(
    request: OperationRequest, undone: OperationKind | None = None
) -> frozenset[DeadLetterState]:
    """States in which a letter is acted on. `undone` is the kind that an undo takes back."""
    if request.kind is K.UNDO:
        return {K.DISCARD: frozenset({S.DISCARDED}), K.QUARANTINE: frozenset({S.QUARANTINED})}.get(
            undone or K.UNDO, frozenset()
        )
    extra = {S.QUARANTINED} if request.kind in _WITH_QUARANTINED and takes_quarantined(request) else set()
    return _FROM[request.kind] | extra


def why_skipped(state: DeadLetterState) -> str:
    """Why a letter in this state is left out."""
    if state in {S.SCHEDULED, S.CLAIMED}:
        return "held by another operation"
    if state in {S.PUBLISHING, S.IN_FLIGHT}:
        return "sent, outcome unknown"
    return "quarantined" if state is S.QUARANTINED else f"is {state.value}"


def check_request(request: OperationRequest) -> None:
    """RefusedError when the parts of the request do not fit each other."""
    if not request.reason.strip() or not request.author.strip():
        raise RefusedError("Say who does this, and why.")
    if (request.kind is K.UNDO) != (request.undoes is not None):
        raise RefusedError("An undo names the operation to take back in `undoes`; nothing else does.")
    if request.undoes is not None:
        _check_id(request.undoes)
    if request.selection.operation_id is not None:
        _check_id(request.selection.operation_id)
    if (request.kind is K.PATCH) != (request.options.patch is not None):
        raise RefusedError("The kind patch needs a JSON Patch in `options.patch`; no other kind takes one.")
    if request.options.patch is not None:
        try:
            read_patch(request.options.patch)
        except PatchError as error:
            raise RefusedError(str(error)) from error
    if request.kind not in SENDING and (request.options.when or request.options.not_before):
        raise RefusedError("Only operations that send can wait for a time or a condition.")


def _check_id(text: str) -> None:
    try:
        UUID(text)
    except ValueError as error:
        raise RefusedError(f"{text[:100]} is not the id of an operation.") from error

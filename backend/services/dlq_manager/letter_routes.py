"""The endpoints that act on one letter, and on what people write about its cause."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, SecretStr
from starlette.responses import Response

from backend.contracts.dead_letter_operations import (
    LetterAttributes,
    LetterCommand,
    LetterControl,
    LetterEdit,
)
from backend.contracts.dead_letter_views import CauseNote, CauseNoteChange, LetterDetail
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import IdempotencyKey, answering
from backend.services.dlq_manager.cause_notes import CauseNotes
from backend.services.dlq_manager.letter_acts import LetterActs
from backend.services.dlq_manager.letter_details import LetterDetails
from backend.services.dlq_manager.letter_edits import LetterEdits
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.repetition import RequestKey, request_key
from backend.services.dlq_manager.service_metrics import DlqMetrics

Revision = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class Letters:
    """What the endpoints work on."""

    acts: LetterActs
    edits: LetterEdits
    details: LetterDetails
    outbox: Outbox
    metrics: DlqMetrics


def letter_router(letters: Letters, admin_token: SecretStr | None) -> APIRouter:
    """Commands, edits, attributes and payloads of letters.

    Include it before a route that takes `/letters/{message_id:path}` whole.
    """
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/letters/{message_id:path}/control")
    async def control(message_id: str, body: LetterControl, key: IdempotencyKey = None) -> LetterDetail:
        async with answering():
            await letters.acts.control(message_id, body, _key(key, "control", message_id, body))
            if body.command is LetterCommand.RETRY:
                letters.metrics.replays.labels("success").inc()
                letters.outbox.wake()
            return await _detail(letters, message_id)

    @router.post("/letters/{message_id:path}/edit")
    async def edit(message_id: str, body: LetterEdit, key: IdempotencyKey = None) -> LetterDetail:
        async with answering():
            await letters.edits.edit(message_id, body, _key(key, "edit", message_id, body))
            if body.retry:
                letters.metrics.replays.labels("success").inc()
                letters.outbox.wake()
            return await _detail(letters, message_id)

    @router.put("/letters/{message_id:path}/attributes")
    async def attributes(message_id: str, body: LetterAttributes, key: IdempotencyKey = None) -> LetterDetail:
        async with answering():
            await letters.edits.set_attributes(message_id, body, _key(key, "attributes", message_id, body))
            return await _detail(letters, message_id)

    @router.get("/letters/{message_id:path}/payload", response_model=None)
    async def payload_or_letter(message_id: str, revision: Revision = None) -> Response | LetterDetail:
        """A letter whose id ends in `/payload` is that letter; `/dlq/payloads/{id}` has no such ids."""
        async with answering():
            letter = await letters.details.one(f"{message_id}/payload")
        return await payload(message_id, revision) if letter is None else letter

    @router.get("/payloads/{message_id:path}")
    async def payload(message_id: str, revision: Revision = None) -> Response:
        async with answering():
            found = await letters.details.payload(message_id, revision)
        if found is None:
            raise HTTPException(
                404, "There is no such payload: the letter or revision is unknown, or purged."
            )
        # Never shown by a browser as what it claims to be: it is somebody else's text.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(found[0], media_type="application/octet-stream", headers=headers)

    return router


def note_router(notes: CauseNotes, admin_token: SecretStr | None) -> APIRouter:
    """What people write about a cause."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.put("/causes/{fingerprint}/note")
    async def note(fingerprint: str, body: CauseNoteChange, key: IdempotencyKey = None) -> CauseNote:
        async with answering():
            return await notes.keep(fingerprint, body, _key(key, "note", fingerprint, body))

    return router


async def _detail(letters: Letters, message_id: str) -> LetterDetail:
    found = await letters.details.one(message_id)
    if found is None:
        raise HTTPException(404, f"There is no dead letter {message_id[:200]}.")
    return found


def _key(key: str | None, act: str, about: str, body: BaseModel) -> RequestKey | None:
    return request_key(key, act, about, body.model_dump_json())

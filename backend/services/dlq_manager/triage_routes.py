"""The endpoints that the triage screen reads: pages, causes, the time strip, the meter, one letter."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import AwareDatetime, SecretStr
from starlette.responses import StreamingResponse

from backend.contracts.dead_letter_views import (
    CauseList,
    LetterDetail,
    LetterPage,
    Meter,
    PageRequest,
    TimeStrip,
)
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import answering
from backend.services.dlq_manager.cause_list import CauseReader
from backend.services.dlq_manager.letter_details import LetterDetails
from backend.services.dlq_manager.letter_pages import LetterPages
from backend.services.dlq_manager.live_feed import LiveFeed
from backend.services.dlq_manager.meter import ConservationMeter
from backend.services.dlq_manager.selection_sql import resolved

_NOT_KEPT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
Operator = Annotated[str | None, Header(alias="X-Operator", max_length=200)]
_LONGEST_STRIP = timedelta(days=400)


@dataclass(frozen=True)
class Triage:
    """What the endpoints work on."""

    pages: LetterPages
    causes: CauseReader
    details: LetterDetails
    meter: ConservationMeter
    feed: LiveFeed


def triage_router(triage: Triage, admin_token: SecretStr | None) -> APIRouter:
    """Include it after the routes that act on letters: an id may hold slashes."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/page")
    async def page(body: PageRequest, operator: Operator = None) -> LetterPage:
        async with answering():
            chosen = resolved(body.selection, operator)
            return await triage.pages.page(body.model_copy(update={"selection": chosen}))

    @router.get("/causes")
    async def causes() -> CauseList:
        async with answering():
            return await triage.causes.causes()

    @router.get("/timeline")
    async def timeline(begin: AwareDatetime, end: AwareDatetime, fingerprint: str | None = None) -> TimeStrip:
        _check_span(begin, end)
        async with answering():
            return await triage.causes.strip(begin, end, fingerprint)

    @router.get("/meter")
    async def meter() -> Meter:
        async with answering():
            return await triage.meter.read()

    @router.get("/events", response_class=StreamingResponse)
    async def events() -> StreamingResponse:
        async with answering():
            await triage.meter.read()
        return StreamingResponse(triage.feed.listen(), media_type="text/event-stream", headers=_NOT_KEPT)

    @router.get("/letters/{message_id:path}")
    async def letter(message_id: str) -> LetterDetail:
        async with answering():
            found = await triage.details.one(message_id)
        if found is None:
            raise HTTPException(404, f"There is no dead letter {message_id[:200]}.")
        return found

    return router


def _check_span(begin: datetime, end: datetime) -> None:
    if not begin < end <= begin + _LONGEST_STRIP:
        raise HTTPException(422, "The end has to be after the beginning, by 400 days at most.")

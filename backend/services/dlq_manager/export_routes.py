"""The endpoint that gives dead letters away as a sealed bundle."""

from fastapi import APIRouter, Depends
from pydantic import SecretStr
from starlette.responses import StreamingResponse

from backend.contracts.dead_letter_bundle import LETTERS_HEADER
from backend.contracts.dead_letter_operations import ExportRequest
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import answering
from backend.services.dlq_manager.exports import Exports


def export_router(exports: Exports, admin_token: SecretStr | None) -> APIRouter:
    """`POST /dlq/export`: a `.tar.gz` of at most 10,000 letters; the header X-Letters says how many."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.post("/export")
    async def export(body: ExportRequest) -> StreamingResponse:
        async with answering():
            bundle = await exports.make(body)
        headers = {
            LETTERS_HEADER: str(bundle.letters),
            "Content-Length": str(bundle.size),
            "Content-Disposition": 'attachment; filename="dead-letters.tar.gz"',
        }
        return StreamingResponse(bundle.chunks(), media_type="application/gzip", headers=headers)

    return router

"""The endpoint that compares the payloads of a cause with others."""

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from backend.contracts.dead_letter_contrast import Contrast
from backend.services.common.auth import bearer_guard
from backend.services.dlq_manager.answering import answering
from backend.services.dlq_manager.contrasts import Contrasts


def contrast_router(contrasts: Contrasts, admin_token: SecretStr | None) -> APIRouter:
    """One read, bounded in rows, bytes and time."""
    router = APIRouter(
        prefix="/dlq", tags=["dead letters"], dependencies=[Depends(bearer_guard(admin_token))]
    )

    @router.get("/causes/{fingerprint}/contrast")
    async def contrast(fingerprint: str) -> Contrast:
        async with answering():
            return await contrasts.of(fingerprint)

    return router

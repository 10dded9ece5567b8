"""What a draft would change, over HTTP."""

from fastapi import APIRouter, Depends, HTTPException
from pydantic import SecretStr
from starlette.responses import Response

from backend.contracts.replay import PreviewRequest, ReplayComparison
from backend.services.common.auth import bearer_guard
from backend.services.metadata_enrichment.configuration.waterfall_routes import as_json, database_answers
from backend.services.metadata_enrichment.replay.previews import Previews, SupersededError
from backend.services.metadata_enrichment.replay.versions import UnknownVersionError

_SUPERSEDED = "A newer preview of the same editor took the place of this one."


def preview_router(previews: Previews, admin_token: SecretStr | None) -> APIRouter:
    """`POST /admin/replay/preview`; it needs the token."""
    guarded = [Depends(bearer_guard(admin_token))]
    router = APIRouter(prefix="/admin/replay", tags=["replay"], dependencies=guarded)

    @router.post(
        "/preview",
        response_model=ReplayComparison,
        responses={404: {"description": "No such version."}, 410: {"description": _SUPERSEDED}},
    )
    async def preview(request: PreviewRequest) -> Response:
        """Compare a draft with a version over the stored answers. Nobody is called, nothing is changed."""
        try:
            async with database_answers():
                comparison = await previews.preview(request)
            return as_json(200, comparison)  # not validated once more: there may be thousands of values
        except SupersededError as error:
            raise HTTPException(410, _SUPERSEDED) from error
        except UnknownVersionError as error:
            raise HTTPException(404, str(error)) from error

    return router

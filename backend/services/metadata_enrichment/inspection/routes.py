"""The inspector's endpoints: finding tracks, one track with everything behind it, its lineage."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import SecretStr

from backend.contracts.inspection import InspectRequest, Lineage, StoredTrack, TrackInspection
from backend.services.common.auth import bearer_guard
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError
from backend.services.metadata_enrichment.inspection.asking import Asking
from backend.services.metadata_enrichment.inspection.directory import Directory
from backend.services.metadata_enrichment.inspection.lineage import Lineages
from backend.services.metadata_enrichment.inspection.stored import StoredInspections
from backend.services.metadata_enrichment.routes import readable

Text = Annotated[str, Query(max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=500)]
# `path`: a track's id is free text of the caller and may hold a slash.
_TRACK = "/tracks/{track_id:path}"


@dataclass(frozen=True)
class Inspections:
    """What the endpoints work on."""

    directory: Directory
    stored: StoredInspections
    lineages: Lineages
    asking: Asking


def inspections(pool: Pool, asking: Asking) -> Inspections:
    """Stored tracks of one music database, and what the providers say now."""
    lineages = Lineages(pool)
    return Inspections(Directory(pool), StoredInspections(pool, lineages), lineages, asking)


def inspection_router(found: Inspections, admin_token: SecretStr | None) -> APIRouter:
    """Behind the admin token: it shows what was asked for and what providers answered."""
    router = APIRouter(tags=["inspection"], dependencies=[Depends(bearer_guard(admin_token))])

    @router.get("/tracks")
    async def tracks(text: Text = "", limit: Limit = 50) -> list[StoredTrack]:
        async with readable():
            return await found.directory.find(text, limit)

    @router.post("/tracks/inspect")
    async def inspect(request: InspectRequest) -> TrackInspection:
        try:
            return await found.asking.inspect(request)
        except ConfigurationError as error:
            raise HTTPException(
                503, f"The providers were not asked: the waterfall cannot be read ({error})."
            ) from error

    @router.get(f"{_TRACK}/inspection")
    async def inspection(track_id: str) -> TrackInspection:
        async with readable():
            stored = await found.stored.of_track(track_id)
        if stored is None:
            raise HTTPException(404, f"The track '{track_id[:80]}' was never asked for.")
        return stored

    @router.get(f"{_TRACK}/lineage")
    async def lineage(track_id: str, field: str | None = None) -> list[Lineage]:
        async with readable():
            values = await found.lineages.of_track(track_id, field)
        if not values:
            raise HTTPException(404, _without_values(track_id, field))
        return values

    return router


def _without_values(track_id: str, field: str | None) -> str:
    if field is None:
        return f"Gold has no value of the track '{track_id[:80]}'."
    return f"Gold has no value of '{field[:80]}' for the track '{track_id[:80]}'."

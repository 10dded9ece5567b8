"""Replay runs over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import SecretStr

from backend.contracts.replay import ReplayRun, ReplayRunRequest, ValueDifference
from backend.services.common.auth import bearer_guard
from backend.services.metadata_enrichment.configuration.waterfall_routes import database_answers
from backend.services.metadata_enrichment.replay.run_rows import ReplayRuns
from backend.services.metadata_enrichment.replay.runner import ReplayRunner
from backend.services.metadata_enrichment.replay.versions import ReplayVersions, UnknownVersionError
from backend.services.metadata_enrichment.waterfall.fields import is_known


def run_router(
    runs: ReplayRuns, runner: ReplayRunner, versions: ReplayVersions, admin_token: SecretStr | None
) -> APIRouter:
    """Everything below `/admin/replay/runs`; all of it needs the token."""
    guarded = [Depends(bearer_guard(admin_token))]
    router = APIRouter(prefix="/admin/replay/runs", tags=["replay"], dependencies=guarded)

    @router.post("", status_code=202)
    async def start(request: ReplayRunRequest) -> ReplayRun:
        """Queue a run; it resolves stored tracks again and calls nobody."""
        if unknown := [name for name in request.fields if not is_known(name)]:
            raise HTTPException(422, f"There is no field {', '.join(unknown)[:200]}. Nothing was queued.")
        async with database_answers():
            if request.config_version is not None:
                await _check(versions, request.config_version)
            run = await runs.add(request)
        if run is None:
            text = "Of none of these tracks an answer is stored, so there is nothing to resolve again."
            raise HTTPException(422, text)
        runner.wake()
        return run

    @router.get("")
    async def newest(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[ReplayRun]:
        """Runs, newest first."""
        async with database_answers():
            return await runs.newest(limit)

    @router.get("/{run_id}")
    async def one(run_id: UUID) -> ReplayRun:
        """One run with its progress."""
        async with database_answers():
            return _existing(await runs.get(run_id), run_id)

    @router.post("/{run_id}/cancel")
    async def cancel(run_id: UUID) -> ReplayRun:
        """End a run; one that has ended stays as it is."""
        async with database_answers():
            return _existing(await runs.cancel(run_id), run_id)

    @router.get("/{run_id}/differences")
    async def differences(
        run_id: UUID,
        after_track: str = "",
        after_field: str = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[ValueDifference]:
        """The differing values by track and field; the last ones given name the page behind them."""
        async with database_answers():
            _existing(await runs.get(run_id), run_id)
            return await runs.differences(run_id, (after_track, after_field), limit)

    return router


async def _check(versions: ReplayVersions, version: int) -> None:
    try:
        await versions.get(version)
    except UnknownVersionError as error:
        raise HTTPException(404, f"{error} Nothing was queued.") from error


def _existing(run: ReplayRun | None, run_id: UUID) -> ReplayRun:
    if run is None:
        raise HTTPException(404, f"There is no replay run {run_id}.")
    return run

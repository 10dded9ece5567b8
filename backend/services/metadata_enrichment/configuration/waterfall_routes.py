"""The waterfall and its versions over HTTP, for the editor and the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import psycopg
import structlog
from fastapi import APIRouter, Depends, HTTPException, Path, Query
from psycopg_pool import PoolClosed, PoolTimeout
from pydantic import BaseModel, SecretStr
from starlette.responses import Response

from backend.contracts.waterfall import (
    FieldCoverage,
    VersionSummary,
    WaterfallChange,
    WaterfallConfiguration,
    WaterfallConflict,
    WaterfallRefusal,
)
from backend.services.common.auth import bearer_guard
from backend.services.common.database import UNSTORABLE, Pool
from backend.services.metadata_enrichment.configuration.coverage import coverage
from backend.services.metadata_enrichment.configuration.errors import (
    ConfigurationError,
    UnusableChangeError,
    VersionConflictError,
)
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.versions import Applied, Versions

_HIGHEST = 2**31 - 1
_log = structlog.get_logger()

Number = Annotated[int, Path(ge=1, le=_HIGHEST)]


def waterfall_router(pool: Pool, holder: ConfigurationHolder, admin_token: SecretStr | None) -> APIRouter:
    """Everything below `/admin/waterfall`; all of it needs the token."""
    router = APIRouter(
        prefix="/admin/waterfall", tags=["waterfall"], dependencies=[Depends(bearer_guard(admin_token))]
    )
    versions = Versions(pool)

    @router.get("")
    async def in_force() -> WaterfallConfiguration:
        """The version in force, as the database has it now."""
        async with database_answers():
            return await versions.in_force()

    @router.get("/versions")
    async def history(
        before: Annotated[int | None, Query(ge=1, le=_HIGHEST)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> list[VersionSummary]:
        """Versions below `before`, newest first."""
        async with database_answers():
            return await versions.history(before, limit)

    @router.get("/versions/{version}")
    async def one_version(version: Number) -> WaterfallConfiguration:
        """One version, in force or not."""
        async with database_answers():
            found = await versions.version(version)
        if found is None:
            raise HTTPException(404, f"There is no version {version} of the waterfall.")
        return found

    @router.post(
        "/versions",
        status_code=201,
        response_model=WaterfallConfiguration,
        responses={
            200: {"model": WaterfallConfiguration, "description": "This very change is in force already."},
            409: {"model": WaterfallConflict},
            422: {"model": WaterfallRefusal},
        },
    )
    async def next_version(change: WaterfallChange) -> Response:
        """Put the next version in force."""
        try:
            async with database_answers():
                applied = await versions.apply(change)
        except VersionConflictError as error:
            return as_json(409, _conflict(change, error))
        except UnusableChangeError as error:
            return as_json(422, refusal(error))
        await take_up(holder, applied)
        return as_json(201 if applied.is_new else 200, applied.configuration)

    @router.get("/coverage")
    async def field_coverage() -> list[FieldCoverage]:
        """How each field stands in Gold."""
        async with database_answers():
            configuration = await versions.in_force()
            return await coverage(pool, [field.field for field in configuration.fields])

    return router


@asynccontextmanager
async def database_answers() -> AsyncIterator[None]:
    """What the database refuses becomes 503 with a sentence."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        text = "Somebody else is changing the waterfall at this moment. Nothing was changed; try again."
        raise HTTPException(503, text) from error
    except psycopg.DataError as error:
        raise HTTPException(422, f"{UNSTORABLE} Nothing was changed.") from error
    except (psycopg.Error, PoolTimeout, PoolClosed) as error:
        _log.error("waterfall_database_error", exc_info=error)
        text = f"The database that keeps the waterfall cannot be used now ({type(error).__name__})."
        raise HTTPException(503, text) from error
    except ConfigurationError as error:
        raise HTTPException(503, f"The waterfall configuration cannot be shown: {error}.") from error


async def take_up(holder: ConfigurationHolder, applied: Applied) -> None:
    """Use the new version in this process at once; the others hear of it from the database."""
    if not applied.is_new:
        return
    made = applied.configuration
    _log.info("waterfall_version_applied", version=made.version, author=made.author)
    try:
        await holder.reload()
    except ConfigurationError as error:
        _log.warning("waterfall_configuration_not_reloaded", reason=str(error))


def refusal(error: UnusableChangeError) -> WaterfallRefusal:
    """Body of the 422: every problem, and all of them in one text for clients that show only that."""
    places = [
        f"{one.field}: {one.problem}" if one.field and one.field not in one.problem else one.problem
        for one in error.problems
    ]
    return WaterfallRefusal(detail=f"Nothing was changed. {' '.join(places)}", problems=error.problems)


def _conflict(change: WaterfallChange, error: VersionConflictError) -> WaterfallConflict:
    newer = error.in_force
    text = (
        f"Version {newer.version} by {newer.author} is in force, not version {change.base_version} from "
        "which this change was made. Nothing was changed."
    )
    return WaterfallConflict(detail=text, in_force=newer)


def as_json(status: int, body: BaseModel) -> Response:
    """An answer of the contracts with another status than 200."""
    return Response(body.model_dump_json(), status, media_type="application/json")

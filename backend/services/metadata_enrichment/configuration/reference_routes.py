"""`/admin/config`: the configuration in the shapes of the playbook and of the reference."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from pydantic import SecretStr
from starlette.responses import Response

from backend.contracts.waterfall import WaterfallChange, WaterfallConfiguration, WaterfallField
from backend.contracts.waterfall_diff import diff
from backend.services.common.auth import bearer_guard
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.errors import ConfigurationError, UnusableChangeError
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.reference_edit import EditError, FieldEdit, edited
from backend.services.metadata_enrichment.configuration.versions import Versions
from backend.services.metadata_enrichment.configuration.views import (
    configuration_view,
    field_view,
    providers_view,
)
from backend.services.metadata_enrichment.configuration.waterfall_routes import (
    as_json,
    database_answers,
    refusal,
    take_up,
)

_LONGEST_AUTHOR, _LONGEST_COMMENT = 200, 2000


def config_router(pool: Pool, holder: ConfigurationHolder, admin_token: SecretStr | None) -> APIRouter:
    """Looking at the whole configuration is free, the rest needs the token."""
    router = APIRouter(prefix="/admin/config", tags=["admin"])
    guarded = [Depends(bearer_guard(admin_token))]
    versions = Versions(pool)

    @router.get("")
    async def config() -> dict[str, Any]:
        return configuration_view(await _held(holder), holder.loaded_at)

    @router.post("/reload", dependencies=guarded)
    async def reload() -> dict[str, Any]:
        try:
            configuration = await holder.reload()
        except ConfigurationError as error:
            raise HTTPException(
                503, f"The configuration was not reloaded: {error}. The last good one stays in force."
            ) from error
        view = configuration_view(configuration, holder.loaded_at)
        return {"status": "reloaded", "timestamp": datetime.now(UTC), "configuration": view["configuration"]}

    @router.get("/field/{field}", dependencies=guarded)
    async def config_field(field: str) -> dict[str, Any]:
        return field_view(_found((await _held(holder)).fields, field))

    @router.put("/field/{field}", dependencies=guarded, response_model=None)
    async def change_field(
        field: str, edit: Annotated[FieldEdit, Query()], x_author: Annotated[str, Header()] = ""
    ) -> dict[str, Any] | Response:
        """Make a new version in which one field differs from the version in force."""
        if edit.says_nothing:
            raise HTTPException(
                400, "Nothing is given. Give priority_1_provider to priority_4_confidence, or enabled."
            )
        try:
            async with database_answers():
                applied = await versions.edit(lambda now: _change(now, field, edit, x_author))
        except EditError as error:
            raise HTTPException(400, f"Nothing was changed. {error}") from error
        except UnusableChangeError as error:
            return as_json(422, refusal(error))
        await take_up(holder, applied)
        return field_view(_found(applied.configuration.fields, field))

    @router.get("/providers", dependencies=guarded)
    async def config_providers() -> dict[str, Any]:
        return providers_view(await _held(holder))

    return router


def _change(in_force: WaterfallConfiguration, name: str, edit: FieldEdit, author: str) -> WaterfallChange:
    before = _found(in_force.fields, name)
    after = edited(before, edit)
    said = "; ".join(each.sentence() for each in diff([before], [after])).replace("\x00", "") or name
    return WaterfallChange(
        base_version=in_force.version,
        author=author.strip()[:_LONGEST_AUTHOR] or "api",
        comment=f"Over /admin/config: {said}"[:_LONGEST_COMMENT],
        fields=[after if field.field == name else field for field in in_force.fields],
    )


def _found(fields: Sequence[WaterfallField], name: str) -> WaterfallField:
    for field in fields:
        if field.field == name:
            return field
    known = ", ".join(field.field for field in fields)
    raise HTTPException(404, f"The waterfall has no field '{name[:80]}'. It has: {known}.")


async def _held(holder: ConfigurationHolder) -> WaterfallConfiguration:
    try:
        return await holder.current()
    except ConfigurationError as error:
        raise HTTPException(503, f"The waterfall configuration cannot be shown: {error}.") from error

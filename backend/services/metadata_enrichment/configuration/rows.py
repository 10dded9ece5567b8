"""Versions of the waterfall as the database has them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from pydantic import ValidationError

from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.configuration.errors import (
    ConfigurationError,
    UnusableVersionError,
)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_READ: LiteralString = """
SELECT made.version, made.created_by, made.note, made.base_version,
    coalesce(activation.activated_at, made.created_at) AS activated_at,
    field.field, field.required_for_gold, field.when_unavailable, field.on_disagreement, field.keep_days,
    step.provider, step.enabled, step.min_confidence, step.reliability
FROM waterfall_config_versions AS made
LEFT JOIN LATERAL (
    SELECT activated_at FROM waterfall_config_activations
    WHERE version = made.version ORDER BY id DESC LIMIT 1
) AS activation ON true
LEFT JOIN waterfall_config_fields AS field USING (version)
LEFT JOIN waterfall_api_configuration AS step USING (version, field)
WHERE made.version = ANY(%s)
ORDER BY made.version, field.field, step.position
"""
_IN_FORCE: LiteralString = "SELECT version FROM waterfall_config_in_force"


async def version_in_force(connection: Connection) -> int:
    """Number of the version put in force last. ConfigurationError when there is none."""
    row = await (await connection.execute(_IN_FORCE)).fetchone()
    if row is None:
        raise ConfigurationError("the database has no waterfall configuration in force")
    return int(row[0])


async def read_version(connection: Connection, version: int) -> WaterfallConfiguration | None:
    """One version, none when there is no such one. UnusableVersionError when it makes no sense."""
    rows = await _rows(connection, [version])
    return _configuration(rows) if rows else None


async def read_versions(
    connection: Connection, versions: Sequence[int]
) -> Mapping[int, WaterfallConfiguration]:
    """The versions by number, without those that do not exist or make no sense to this release."""
    found: dict[int, WaterfallConfiguration] = {}
    for version, rows in groupby(await _rows(connection, versions), itemgetter("version")):
        with suppress(UnusableVersionError):
            found[version] = _configuration(list(rows))
    return found


async def _rows(connection: Connection, versions: Sequence[int]) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(_READ, (list(versions),))).fetchall()


def _configuration(rows: Sequence[Mapping[str, Any]]) -> WaterfallConfiguration:
    """A version from its rows, one a step; a field without sources and a version without fields have one."""
    try:
        return _parsed(rows)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise UnusableVersionError(
            f"version {rows[0]['version']} makes no sense to this release ({place}: {problem['msg']})"
        ) from error


def _parsed(rows: Sequence[Mapping[str, Any]]) -> WaterfallConfiguration:
    version = _without_fields(rows[0])
    for row in rows:
        if row["field"] is None:
            continue
        if not version.fields or version.fields[-1].field != row["field"]:
            version.fields.append(WaterfallField.model_validate({**row, "sources": []}))
        if row["provider"] is not None:
            version.fields[-1].sources.append(WaterfallStep.model_validate(row))
    return version


def _without_fields(row: Mapping[str, Any]) -> WaterfallConfiguration:
    return WaterfallConfiguration(
        version=row["version"],
        activated_at=row["activated_at"],
        fields=[],
        author=row["created_by"],
        comment=row["note"],
    )

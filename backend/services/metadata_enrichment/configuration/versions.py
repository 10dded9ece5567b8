"""The history of the waterfall, and its next version."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.waterfall import (
    VersionSummary,
    WaterfallChange,
    WaterfallConfiguration,
    WaterfallField,
    WaterfallProblem,
)
from backend.contracts.waterfall_diff import diff
from backend.contracts.waterfall_rules import problems
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.errors import (
    ConfigurationError,
    UnusableChangeError,
    VersionConflictError,
)
from backend.services.metadata_enrichment.configuration.rows import (
    Connection,
    read_version,
    read_versions,
    version_in_force,
)

_HISTORY: LiteralString = """
SELECT version, created_at, created_by AS author, note AS comment, base_version,
    version = (SELECT version FROM waterfall_config_in_force) AS in_force
FROM waterfall_config_versions
WHERE version < %(before)s ORDER BY version DESC LIMIT %(limit)s
"""
_BASE: LiteralString = "SELECT base_version FROM waterfall_config_versions WHERE version = %s"
_LOCK: LiteralString = "LOCK TABLE waterfall_config_activations IN SHARE ROW EXCLUSIVE MODE"
"""One change at a time, also beside whoever activates a version with psql; readers do not wait."""
_PATIENCE: LiteralString = "SET LOCAL lock_timeout = '3s'"
"""Less than a client waits, so that it is told why."""
_VERSION: LiteralString = """
INSERT INTO waterfall_config_versions (created_by, note, base_version) VALUES (%s, %s, %s) RETURNING version
"""
_FIELD: LiteralString = """
INSERT INTO waterfall_config_fields
    (version, field, required_for_gold, when_unavailable, on_disagreement, keep_days)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_STEP: LiteralString = """
INSERT INTO waterfall_api_configuration
    (version, field, position, provider, enabled, min_confidence, reliability)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_ACTIVATE: LiteralString = """
INSERT INTO waterfall_config_activations (version, activated_by, reason) VALUES (%s, %s, %s)
"""
_NEWEST = 2**31 - 1


@dataclass(frozen=True)
class Applied:
    """The configuration in force after a change."""

    configuration: WaterfallConfiguration
    is_new: bool
    """False: the change was in force already."""


class Versions:
    """Reads and adds versions. psycopg errors and ConfigurationError pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def in_force(self) -> WaterfallConfiguration:
        """The version in force, read now; it may be one that the workers had to refuse."""
        async with self._pool.connection() as connection:
            return await _in_force(connection)

    async def version(self, version: int) -> WaterfallConfiguration | None:
        """One version, if there is such a one."""
        async with self._pool.connection() as connection:
            return await read_version(connection, version)

    async def history(self, before: int | None, limit: int) -> list[VersionSummary]:
        """Versions below `before`, newest first."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            page = {"before": before or _NEWEST, "limit": limit}
            rows = await (await cursor.execute(_HISTORY, page)).fetchall()
            wanted = {row["version"] for row in rows} | {row["base_version"] for row in rows} - {None}
            contents = await read_versions(connection, sorted(wanted))
        return [VersionSummary(**row, fields_changed=_changed(row, contents)) for row in rows]

    async def apply(self, change: WaterfallChange) -> Applied:
        """Put a change in force.

        VersionConflictError when another version came first, UnusableChangeError when it breaks the rules. A
        change sent twice, because its answer was lost, is applied once.
        """
        _refuse_unusable(change.fields)
        async with self._alone() as connection:
            in_force = await _in_force(connection)
            if await _is_repeated(connection, in_force, change):
                return Applied(in_force, is_new=False)
            if in_force.version != change.base_version:
                raise VersionConflictError(in_force)
            if not diff(in_force.fields, change.fields):
                text = f"Nothing differs from version {in_force.version}, which is in force."
                raise UnusableChangeError([WaterfallProblem(field="", problem=text)])
            return await _put_in_force(connection, change)

    async def edit(self, make: Callable[[WaterfallConfiguration], WaterfallChange]) -> Applied:
        """Put in force what `make` makes of the version in force; nothing when it changes nothing."""
        async with self._alone() as connection:
            in_force = await _in_force(connection)
            change = make(in_force)
            _refuse_unusable(change.fields)
            if not diff(in_force.fields, change.fields):
                return Applied(in_force, is_new=False)
            return await _put_in_force(connection, change)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Connection]:
        """A transaction in which nobody else changes which version is in force."""
        async with self._pool.connection() as connection:
            await connection.execute(_PATIENCE)
            await connection.execute(_LOCK)
            yield connection


def _refuse_unusable(fields: Sequence[WaterfallField]) -> None:
    if found := problems(fields):
        raise UnusableChangeError(found)


async def _in_force(connection: Connection) -> WaterfallConfiguration:
    return await _existing(connection, await version_in_force(connection))


async def _existing(connection: Connection, version: int) -> WaterfallConfiguration:
    found = await read_version(connection, version)
    if found is None:
        raise ConfigurationError(f"version {version} is not there any more")
    return found


async def _is_repeated(
    connection: Connection, in_force: WaterfallConfiguration, change: WaterfallChange
) -> bool:
    row = await (await connection.execute(_BASE, (in_force.version,))).fetchone()
    same_origin = row == (change.base_version,) and in_force.version != change.base_version
    same_words = (in_force.author, in_force.comment) == (change.author, change.comment)
    return same_origin and same_words and not diff(in_force.fields, change.fields)


async def _put_in_force(connection: Connection, change: WaterfallChange) -> Applied:
    head = (change.author, change.comment, change.base_version)
    row = await (await connection.execute(_VERSION, head)).fetchone()
    if row is None:
        raise ConfigurationError("the database gave the version no number")
    version = int(row[0])
    async with connection.cursor() as cursor:
        await cursor.executemany(_FIELD, [_field_row(version, field) for field in change.fields])
        await cursor.executemany(_STEP, _step_rows(version, change.fields))
    await connection.execute(_ACTIVATE, (version, change.author, change.comment))
    return Applied(await _existing(connection, version), is_new=True)


def _field_row(version: int, field: WaterfallField) -> tuple[object, ...]:
    policies = (field.when_unavailable, field.on_disagreement, field.keep_days)
    return (version, field.field, field.required_for_gold, *policies)


def _step_rows(version: int, fields: Sequence[WaterfallField]) -> list[tuple[object, ...]]:
    return [
        (version, field.field, place, step.provider, step.enabled, step.min_confidence, step.reliability)
        for field in fields
        for place, step in enumerate(field.sources, start=1)
    ]


def _changed(row: Mapping[str, Any], contents: Mapping[int, WaterfallConfiguration]) -> list[str]:
    """Names of the fields that differ from the base; none where one of the two is not there to compare."""
    base, made = contents.get(row["base_version"]), contents.get(row["version"])
    if base is None or made is None:
        return []
    return [each.field for each in diff(base.fields, made.fields)]

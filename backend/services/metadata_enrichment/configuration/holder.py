"""The waterfall in force: read from the database, followed while it changes."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField, WaterfallStep
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.waterfall.fields import is_known

CHANNEL = "waterfall_configuration"
CHECK_SECONDS = 2.0
"""How often the version in force is looked up, so that a lost notification costs no more than this."""

_STEPS = """
SELECT force.version, force.activated_at, field, required_for_gold, provider, enabled, min_confidence,
    reliability
FROM waterfall_config_in_force AS force
JOIN waterfall_config_fields USING (version)
JOIN waterfall_api_configuration USING (version, field)
ORDER BY field, position
"""
_UNAVAILABLE = (psycopg.OperationalError, PoolTimeout, PoolClosed)
_log = structlog.get_logger()


class ConfigurationError(Exception):
    """The configuration in the database cannot be used, or cannot be read."""


class ConfigurationHolder:
    """The configuration that enrichments use. An unusable new version leaves the last good one in force."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._current: WaterfallConfiguration | None = None
        self.loaded_at: datetime | None = None
        self.problem = "the configuration was not read yet"

    def version_in_force(self) -> float:
        """For the gauge; 0 before the first reading."""
        return float(self._current.version) if self._current else 0.0

    async def current(self) -> WaterfallConfiguration:
        """The configuration in force; read now if it never was. ConfigurationError."""
        return self._current or await self.reload()

    async def reload(self) -> WaterfallConfiguration:
        """Read the configuration in force from the database. ConfigurationError; the old one then stays."""
        try:
            configuration = await self._read()
        except ConfigurationError as error:
            self.problem = str(error)
            raise
        self._current, self.loaded_at, self.problem = configuration, datetime.now(UTC), ""
        return configuration

    async def follow(self) -> None:
        """Background task: take up a newly activated version at once, or within CHECK_SECONDS."""
        while True:
            try:
                await self._follow_once()
            except (*_UNAVAILABLE, psycopg.Error, ConfigurationError) as error:
                _log.warning("waterfall_configuration_not_followed", reason=str(error))
                await asyncio.sleep(CHECK_SECONDS)

    async def _follow_once(self) -> None:
        async with self._pool.connection() as connection:
            await connection.set_autocommit(True)
            await connection.execute(f"LISTEN {CHANNEL}")
            try:
                while True:
                    await self._take_up_newer(connection)
                    async for _ in connection.notifies(timeout=CHECK_SECONDS, stop_after=1):
                        pass
            finally:
                await connection.execute("UNLISTEN *")
                await connection.set_autocommit(False)

    async def _take_up_newer(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        cursor = await connection.execute("SELECT version, activated_at FROM waterfall_config_in_force")
        row = await cursor.fetchone()
        held = (self._current.version, self._current.activated_at) if self._current else None
        if row != held:
            configuration = await self.reload()
            _log.info("waterfall_configuration_active", version=configuration.version)

    async def _read(self) -> WaterfallConfiguration:
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(row_factory=dict_row)
                rows = await (await cursor.execute(_STEPS)).fetchall()
        except (*_UNAVAILABLE, psycopg.ProgrammingError) as error:
            raise ConfigurationError(f"it could not be read: {type(error).__name__}") from error
        return _from_rows(rows)


def _from_rows(rows: list[dict[str, Any]]) -> WaterfallConfiguration:
    if not rows:
        raise ConfigurationError("the database has no waterfall configuration in force")
    fields: dict[str, WaterfallField] = {}
    for row in rows:
        name = row["field"]
        if not is_known(name):
            raise ConfigurationError(f"version {row['version']} names the field {name}, which does not exist")
        required = row["required_for_gold"]
        entry = fields.setdefault(name, WaterfallField(field=name, required_for_gold=required, sources=[]))
        entry.sources.append(WaterfallStep.model_validate(row))
    head = rows[0]
    return WaterfallConfiguration(
        version=head["version"], activated_at=head["activated_at"], fields=list(fields.values())
    )

"""The waterfall in force: read from the database, followed while it changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.common.database import NOT_MIGRATED, Pool
from backend.services.metadata_enrichment.configuration.errors import (
    ConfigurationError,
    UnusableVersionError,
)
from backend.services.metadata_enrichment.configuration.rows import (
    Connection,
    read_version,
    version_in_force,
)
from backend.services.metadata_enrichment.waterfall.fields import is_known

CHANNEL = "waterfall_configuration"
CHECK_SECONDS = 0.5
"""How often the version in force is looked up, so that a lost notification costs no more than this."""

_IN_FORCE = "SELECT version, activated_at FROM waterfall_config_in_force"
_EARLIER = """
SELECT version FROM waterfall_config_activations GROUP BY version ORDER BY max(id) DESC LIMIT 20
"""
_UNAVAILABLE = (psycopg.OperationalError, PoolTimeout, PoolClosed)
_log = structlog.get_logger()


class ConfigurationHolder:
    """The configuration that enrichments use. An unusable new version leaves the last good one in force."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._current: WaterfallConfiguration | None = None
        self._refused: tuple[tuple[int, datetime], str] | None = None
        self.loaded_at: datetime | None = None
        self.problem = "the configuration was not read yet"

    def version_in_force(self) -> float:
        """For the gauge; 0 before the first reading."""
        return float(self._current.version) if self._current else 0.0

    async def current(self) -> WaterfallConfiguration:
        """The configuration in force; read now if it never was. ConfigurationError."""
        if self._current is None:
            try:
                return await self.reload()
            except UnusableVersionError:
                if self._current is None:
                    raise
        return self._current

    async def reload(self) -> WaterfallConfiguration:
        """Read the configuration in force from the database. ConfigurationError; the old one then stays."""
        try:
            configuration = await self._read()
        except ConfigurationError as error:
            self.problem = str(error)
            if isinstance(error, UnusableVersionError) and self._current is None:
                self._current = await self._read_earlier()
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

    async def _take_up_newer(self, connection: Connection) -> None:
        """Look which version was put in force last; read it unless it is held, or was refused before."""
        newest = await _newest(connection)
        if self._refused is not None and newest == self._refused[0]:
            self.problem = self._refused[1]
        elif self._current is not None and newest == (self._current.version, self._current.activated_at):
            self.problem = ""
        else:
            await self._take_up(newest)

    async def _take_up(self, newest: tuple[int, datetime] | None) -> None:
        try:
            configuration = await self.reload()
        except UnusableVersionError as error:
            self._refused = None if newest is None else (newest, str(error))
            _log.error("waterfall_version_refused", reason=str(error), in_force=self.version_in_force())
        else:
            _log.info("waterfall_configuration_active", version=configuration.version)

    async def _read(self) -> WaterfallConfiguration:
        async with self._readable() as connection:
            configuration = await read_version(connection, await version_in_force(connection))
        return _usable(configuration)

    async def _read_earlier(self) -> WaterfallConfiguration | None:
        """The newest usable version of those before, for a service that starts on an unusable one."""
        async with self._readable() as connection:
            for (version,) in await (await connection.execute(_EARLIER)).fetchall():
                with suppress(UnusableVersionError):
                    return _usable(await read_version(connection, version))
        return None

    @asynccontextmanager
    async def _readable(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.errors.UndefinedTable as error:
            raise ConfigurationError(NOT_MIGRATED) from error
        except (*_UNAVAILABLE, psycopg.ProgrammingError) as error:
            raise ConfigurationError(f"it could not be read: {type(error).__name__}") from error


async def _newest(connection: Connection) -> tuple[int, datetime] | None:
    """Version and moment of the newest activation."""
    row = await (await connection.execute(_IN_FORCE)).fetchone()
    return None if row is None else (row[0], row[1])


def _usable(configuration: WaterfallConfiguration | None) -> WaterfallConfiguration:
    if configuration is None:
        raise ConfigurationError("the version in force is not there any more")
    for field in configuration.fields:
        if not is_known(field.field):
            raise UnusableVersionError(
                f"version {configuration.version} names the field {field.field}, which does not exist"
            )
    return configuration

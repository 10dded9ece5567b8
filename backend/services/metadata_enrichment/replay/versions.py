"""The versions of the waterfall that replays compare with."""

from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.versions import Versions


class UnknownVersionError(LookupError):
    """There is no such version."""


class ReplayVersions:
    """Reads versions; the one read last is kept, as a draft is compared with the same one all the time."""

    def __init__(self, holder: ConfigurationHolder, versions: Versions) -> None:
        self._holder = holder
        self._versions = versions
        self._kept: WaterfallConfiguration | None = None

    async def get(self, version: int | None) -> WaterfallConfiguration:
        """That version, or the one in force. UnknownVersionError, ConfigurationError, psycopg errors."""
        if version is None:
            return await self._holder.current()
        if self._kept is None or self._kept.version != version:
            found = await self._versions.version(version)
            if found is None:
                raise UnknownVersionError(f"There is no version {version} of the waterfall.")
            self._kept = found
        return self._kept

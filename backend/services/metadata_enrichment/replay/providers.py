"""Sets of providers as bits, so that those of many tracks are joined quickly."""

from collections.abc import Mapping

from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.walk import FieldResult


class ProviderBits:
    """A bit a provider, given out as they come."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._same: dict[int, int] = {}
        """One object a set: thousands of tracks share few of them."""

    def bit(self, provider: str) -> int:
        """The provider's bit."""
        return self._bits.setdefault(provider, 1 << len(self._bits))

    def names(self, providers: int) -> tuple[str, ...]:
        """The providers of a set."""
        names = self._names.get(providers)
        if names is None:
            names = tuple(name for name, bit in self._bits.items() if bit & providers)
            self._names[providers] = names
        return names

    def of(self, result: FieldResult, sources: Mapping[str, SourceEvidence]) -> tuple[int, int]:
        """The sources that a walk asks, and those of them whose record of the track it needs besides."""
        asked = looked_up = 0
        for step in result.steps:
            bit = self.bit(step.provider)
            asked |= bit
            if step.field in sources[step.provider].lookup_fields:
                looked_up |= bit
        for provider in result.needs:
            asked |= self.bit(provider)
            if provider in sources:
                looked_up |= self.bit(provider)
        return self._same.setdefault(asked, asked), self._same.setdefault(looked_up, looked_up)

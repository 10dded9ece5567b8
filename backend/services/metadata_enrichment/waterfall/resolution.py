"""The values of a track under one configuration, over what its sources had."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.contracts.enrichment import FieldProvenance
from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.waterfall.disagreements import Disagreement, disagreement
from backend.services.metadata_enrichment.waterfall.steps import StepResult
from backend.services.metadata_enrichment.waterfall.walk import Evidence, FieldResult, walk


@dataclass(frozen=True)
class Resolution:
    """The values of a track, where they come from, and every step taken to find them."""

    values: Mapping[str, Any]
    provenance: Mapping[str, FieldProvenance]
    results: Mapping[str, FieldResult]
    """The walk of every configured field, in the configuration's order."""
    disagreements: tuple[Disagreement, ...]
    required: frozenset[str]
    """Fields without which a track is only partial."""

    @property
    def steps(self) -> tuple[StepResult, ...]:
        """The steps of all fields."""
        return tuple(step for result in self.results.values() for step in result.steps)

    @property
    def missing(self) -> frozenset[str]:
        """Fields without a value."""
        return frozenset(self.results.keys() - self.values.keys())

    @property
    def unsettled(self) -> frozenset[str]:
        """Fields for which a source that was asked in vain may have a better value at another time."""
        return frozenset(name for name, result in self.results.items() if result.missed)

    @property
    def sources_used(self) -> list[str]:
        """Providers that gave at least one value, in order of first use."""
        return list(dict.fromkeys(entry.provider for entry in self.provenance.values()))

    def share_of_fields(self, values: Mapping[str, Any]) -> float:
        """Share of the configured fields that have one of `values`."""
        return len(self.results.keys() & values.keys()) / len(self.results) if self.results else 0.0


def resolve(configuration: WaterfallConfiguration, evidence: Evidence) -> Resolution:
    """Walk every field. Whether the result stands is for the caller to know: see `sources_needed`."""
    results = {field.field: walk(field, evidence) for field in configuration.fields}
    winners = {name: result.winner for name, result in results.items() if result.winner is not None}
    found = (disagreement(field, results[field.field], evidence) for field in configuration.fields)
    return Resolution(
        values={name: winner.value for name, winner in winners.items()},
        provenance={
            name: _provenance(results[name], winner, evidence, configuration.version)
            for name, winner in winners.items()
        },
        results=results,
        disagreements=tuple(one for one in found if one is not None),
        required=frozenset(field.field for field in configuration.fields if field.required_for_gold),
    )


def sources_needed(configuration: WaterfallConfiguration, evidence: Evidence) -> list[str]:
    """The sources to ask now; one that the evidence has already is to be looked up.

    Asked again after each round of answers until it is empty. So one call to a source serves all fields, and
    a source that only stands behind others is asked only when they had nothing.
    """
    needs = (provider for field in configuration.fields for provider in walk(field, evidence).needs)
    return list(dict.fromkeys(needs))


def _provenance(result: FieldResult, winner: StepResult, evidence: Evidence, version: int) -> FieldProvenance:
    source = evidence[winner.provider]
    return FieldProvenance(
        provider=winner.provider,
        confidence=round(winner.confidence or 0.0, 4),
        position=winner.position,
        response_id=source.response_of(result.field),
        config_version=version,
        degraded_by=list(result.degraded_by),
        found_at=source.received_at,
    )

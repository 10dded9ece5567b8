"""Waterfalls and evidence for the tests of the walk."""

from datetime import UTC, datetime
from typing import Any

from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import (
    OnDisagreement,
    WaterfallConfiguration,
    WaterfallField,
    WaterfallStep,
    WhenUnavailable,
)
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence


def step(
    provider: str, reliability: float = 0.9, minimum: float = 0.7, *, enabled: bool = True
) -> WaterfallStep:
    return WaterfallStep(provider=provider, enabled=enabled, min_confidence=minimum, reliability=reliability)


def field(
    name: str,
    *sources: WaterfallStep | str,
    policy: OnDisagreement = OnDisagreement.FIRST,
    unavailable: WhenUnavailable = WhenUnavailable.SKIP,
    required: bool = False,
) -> WaterfallField:
    return WaterfallField(
        field=name,
        required_for_gold=required,
        sources=[step(one) if isinstance(one, str) else one for one in sources],
        on_disagreement=policy,
        when_unavailable=unavailable,
    )


def configured(*fields: WaterfallField) -> WaterfallConfiguration:
    return WaterfallConfiguration(version=7, activated_at=datetime.now(UTC), fields=list(fields))


def found(provider: str, probability: float = 1.0, **values: Any) -> SourceEvidence:
    """A source that has the wanted track."""
    return SourceEvidence(
        provider, Outcome.OK, "matched", probability, values=values, response_id=f"search-{provider}"
    )


def in_vain(provider: str, outcome: Outcome = Outcome.THROTTLED) -> SourceEvidence:
    """A source that gave no answer."""
    return SourceEvidence(provider, outcome, "no_answer", detail="slow down")


def unmatched(provider: str, verdict: str = "no_match") -> SourceEvidence:
    """A source none of whose tracks is the wanted one."""
    return SourceEvidence(provider, Outcome.OK, verdict, detail="nothing fits")


def by_provider(*sources: SourceEvidence) -> dict[str, SourceEvidence]:
    return {source.provider: source for source in sources}

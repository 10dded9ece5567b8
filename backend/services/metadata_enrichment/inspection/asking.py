"""Asks the providers about one track now, for the inspector. Nothing of it goes to Silver or Gold.

The gateway keeps the providers' bytes in Bronze, as of every call.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.gateway import Lane
from backend.contracts.inspection import (
    FieldDisagreement,
    InspectRequest,
    SourceInspection,
    TrackInspection,
    WalkStep,
)
from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.inspection.candidates import judged_candidates
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.resolution import Resolution, resolve
from backend.services.metadata_enrichment.waterfall.steps import StepResult
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.gathering import Gathered, Gathering


class Asking:
    """Looks at tracks by the configuration in force. ConfigurationError when there is none."""

    def __init__(self, gateway: GatewayClient, configuration: ConfigurationHolder) -> None:
        self._gateway = gateway.in_lane(Lane.INTERACTIVE)
        self._configuration = configuration

    async def inspect(self, wanted: InspectRequest) -> TrackInspection:
        """What an enrichment would find now. Providers that do not answer are shown as such."""
        configuration = await self._configuration.current()
        trace = f"inspection-{uuid4()}"
        request = EnrichRequest(
            track_id=trace,
            artist_name=wanted.artist_name,
            track_title=wanted.track_title,
            existing_isrc=wanted.isrc,
        )
        gathered = await Gathering(self._gateway, configuration, request, trace).run()
        resolution = resolve(configuration, gathered.evidence)
        return TrackInspection(
            track_id=None,
            artist_name=wanted.artist_name,
            track_title=wanted.track_title,
            config_version=configuration.version,
            at=datetime.now(UTC),
            sources=[_source(source, gathered) for source in gathered.evidence.values()],
            walk=_walk(configuration, resolution.steps),
            values=dict(resolution.values),
            disagreements=_disagreements(resolution),
        )


def _source(source: SourceEvidence, gathered: Gathered) -> SourceInspection:
    answers: list[Answer] = [one for one in gathered.answers if one.provider == source.provider]
    responses = dict.fromkeys(one.response_id for one in answers if one.response_id)
    selection = gathered.selections.get(source.provider)
    return SourceInspection(
        provider=source.provider,
        outcome=source.outcome,
        verdict=source.verdict,
        detail=source.detail,
        calls=source.calls,
        response_ids=list(responses),
        received_at=source.received_at,
        candidates=judged_candidates(selection) if selection else [],
    )


def _walk(configuration: WaterfallConfiguration, steps: Sequence[StepResult]) -> list[WalkStep]:
    needed = {
        (field.field, position): step.min_confidence
        for field in configuration.fields
        for position, step in enumerate(field.sources, start=1)
    }
    return [
        WalkStep(
            field=step.field,
            position=step.position,
            provider=step.provider,
            outcome=step.outcome,
            value=step.value,
            confidence=step.confidence,
            min_confidence=needed.get((step.field, step.position)),
            detail=step.detail,
        )
        for step in steps
    ]


def _disagreements(resolution: Resolution) -> list[FieldDisagreement]:
    return [
        FieldDisagreement(
            field=one.field, policy=one.policy.value, winner=one.winner, value=one.value, others=one.others
        )
        for one in resolution.disagreements
    ]

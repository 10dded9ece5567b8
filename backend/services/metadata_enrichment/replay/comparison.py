"""Two configurations over the same evidence."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.contracts.replay import PreviewRequest, ReplayComparison
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField
from backend.services.metadata_enrichment.replay.columns import Check, Column, Columns
from backend.services.metadata_enrichment.replay.costs import bottleneck, calls_per_track, provider_calls
from backend.services.metadata_enrichment.replay.dominated import dominated_steps
from backend.services.metadata_enrichment.replay.explaining import Sides, list_differences
from backend.services.metadata_enrichment.replay.outcomes import compare_field

BACKLOG_TRACKS = 10_000


@dataclass(frozen=True)
class Question:
    """What is compared."""

    base: WaterfallConfiguration
    request: PreviewRequest
    limits: Mapping[str, float]
    """Calls a second by provider, as far as they are known."""
    started: float
    """Monotonic time at which the preview was asked for."""


def compare(columns: Columns, question: Question, check: Check) -> ReplayComparison:
    """Compare the base with the draft. Computes only: for a thread. `check` may raise to stop it."""
    held, request = columns.held, question.request
    before = _walked(columns, question.base.fields, check)
    after = _walked(columns, request.fields, check)
    columns.trim()
    sides: dict[str, Sides] = {name: (before.get(name), after.get(name)) for name in {**after, **before}}
    fields = [compare_field(name, *pair) for name, pair in sides.items()]
    changed = {one.field: sides[one.field] for one in fields if one.differing}
    if request.field is not None:
        changed = {name: pair for name, pair in changed.items() if name == request.field}
    calls_before = calls_per_track(held, columns.bits, before.values())
    calls_after = calls_per_track(held, columns.bits, after.values())
    providers = provider_calls(calls_before, calls_after, question.limits, BACKLOG_TRACKS)
    unjudged, pairs = sum(one.unjudged for one in fields), len(fields) * len(held.tracks)
    return ReplayComparison(
        base_version=question.base.version,
        tracks=len(held.tracks),
        responses=held.responses,
        evidence_until=held.evidence_until,
        fields=fields,
        differing=sum(one.differing for one in fields),
        unjudged=unjudged,
        judged_share=1 - unjudged / pairs if pairs else None,
        calls_per_track_before=sum(calls_before.values()),
        calls_per_track_after=sum(calls_after.values()),
        providers=providers,
        backlog_tracks=BACKLOG_TRACKS,
        bottleneck_before=bottleneck({one.provider: one.hours_before for one in providers}),
        bottleneck_after=bottleneck({one.provider: one.hours_after for one in providers}),
        differences=list_differences(held, changed, request.differences),
        dominated=dominated_steps(list(after.values()), columns.bits, len(held.tracks)),
        milliseconds=(time.monotonic() - question.started) * 1000,
    )


def _walked(columns: Columns, fields: Sequence[WaterfallField], check: Check) -> dict[str, Column]:
    return {field.field: columns.of(field, check) for field in fields}

"""Two configurations over the same evidence."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from backend.contracts.replay import FieldComparison, PreviewRequest, ReplayComparison
from backend.contracts.waterfall import WaterfallConfiguration, WaterfallField
from backend.services.metadata_enrichment.replay.columns import Check, Column, Columns
from backend.services.metadata_enrichment.replay.costs import bottleneck, calls_per_track, provider_calls
from backend.services.metadata_enrichment.replay.dominated import dominated_steps
from backend.services.metadata_enrichment.replay.explaining import list_differences
from backend.services.metadata_enrichment.replay.outcomes import (
    ColumnPair,
    Differences,
    compare_field,
    find_differences,
    outcome_of,
)

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
    pairs = [ColumnPair(name, before.get(name), after.get(name)) for name in {**after, **before}]
    found = [(pair, _differences(columns, pair)) for pair in pairs]
    fields = [_compared(columns, pair, differences) for pair, differences in found]
    shown = [one for one in found if request.field in (None, one[0].name)]
    unjudged, cells = sum(one.unjudged for one in fields), len(fields) * len(held.tracks)
    return ReplayComparison(
        base_version=question.base.version,
        tracks=len(held.tracks),
        responses=held.responses,
        evidence_until=held.evidence_until,
        fields=fields,
        differing=sum(one.differing for one in fields),
        unjudged=unjudged,
        judged_share=1 - unjudged / cells if cells else None,
        differences=list_differences(held, shown, request.differences),
        dominated=dominated_steps(list(after.values()), columns, len(held.tracks)),
        **_costs(columns, question, before.values(), after.values()),
        milliseconds=(time.monotonic() - question.started) * 1000,
    )


def _differences(columns: Columns, pair: ColumnPair) -> Differences:
    return columns.memo.of(("differences", pair.revisions), lambda: find_differences(pair))


def _compared(columns: Columns, pair: ColumnPair, found: Differences) -> FieldComparison:
    before, after = (
        columns.memo.of(("outcome", revision), partial(outcome_of, side))
        for side, revision in zip((pair.before, pair.after), pair.revisions, strict=True)
    )
    return compare_field(pair, found, before, after)


def _costs(
    columns: Columns, question: Question, before: Iterable[Column], after: Iterable[Column]
) -> dict[str, Any]:
    """The figures of the comparison that are about calls and hours."""
    calls_before, calls_after = (_calls(columns, list(side)) for side in (before, after))
    providers = provider_calls(calls_before, calls_after, question.limits, BACKLOG_TRACKS)
    return {
        "calls_per_track_before": sum(calls_before.values()),
        "calls_per_track_after": sum(calls_after.values()),
        "providers": providers,
        "backlog_tracks": BACKLOG_TRACKS,
        "bottleneck_before": bottleneck({one.provider: one.hours_before for one in providers}),
        "bottleneck_after": bottleneck({one.provider: one.hours_after for one in providers}),
    }


def _calls(columns: Columns, side: list[Column]) -> dict[str, float]:
    key = ("calls", *(column.revision for column in side))
    return columns.memo.of(key, lambda: calls_per_track(columns.held, columns.bits, side))


def _walked(columns: Columns, fields: Sequence[WaterfallField], check: Check) -> dict[str, Column]:
    return {field.field: columns.of(field, check) for field in fields}

"""How good an enrichment was, and what each provider did for it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg

from backend.services.metadata_enrichment.layers.gold import GoldTrack
from backend.services.metadata_enrichment.waterfall.evidence import MATCHED
from backend.services.metadata_enrichment.waterfall.resolution import Resolution
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.gathering import Gathered

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

WINDOW_SECONDS = 60
"""Length of a window of `api_performance_metrics`."""

_QUALITY = """
INSERT INTO enrichment_quality_scores (request_id, track_id, completeness, mean_confidence, quality,
    required_fields, required_filled, sources, config_version, run_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_COUNT = """
INSERT INTO api_performance_metrics AS held (provider, window_start, window_seconds, calls, answered,
    not_found, held_back, failed, matched, values_used, latency_ms_total, latency_ms_max)
VALUES (%(provider)s,
    date_bin(%(window)s * interval '1 second', clock_timestamp(), 'epoch'::timestamptz), %(window)s,
    %(calls)s, %(answered)s, %(not_found)s, %(held_back)s, %(failed)s, %(matched)s, %(values_used)s,
    %(latency_total)s, %(latency_max)s)
ON CONFLICT (provider, window_start, window_seconds) DO UPDATE SET
    calls = held.calls + excluded.calls, answered = held.answered + excluded.answered,
    not_found = held.not_found + excluded.not_found, held_back = held.held_back + excluded.held_back,
    failed = held.failed + excluded.failed, matched = held.matched + excluded.matched,
    values_used = held.values_used + excluded.values_used,
    latency_ms_total = held.latency_ms_total + excluded.latency_ms_total,
    latency_ms_max = greatest(held.latency_ms_max, excluded.latency_ms_max)
"""


async def write_quality(
    connection: Connection,
    request_id: UUID,
    track_id: str,
    track: GoldTrack,
    required: frozenset[str],
    run_id: UUID | None = None,
) -> None:
    """One row a finished enrichment: completeness, mean confidence, and their product.

    `run_id` is the replay that resolved the stored answers again, none for the enrichment itself.
    """
    sure = [one.confidence for one in track.provenance.values()]
    mean = sum(sure) / len(sure) if sure else None
    row = (
        request_id,
        track_id,
        track.completeness,
        mean,
        track.completeness * (mean or 0.0),
        len(required),
        len(required & track.values.keys()),
        len({one.provider for one in track.provenance.values()}),
        track.config_version,
        run_id,
    )
    await connection.execute(_QUALITY, row)


async def count_calls(connection: Connection, gathered: Gathered, resolution: Resolution | None) -> None:
    """Add this track's calls to the providers' current windows.

    In the order of the providers' names, so that two enrichments never wait for each other in a circle.
    """
    by_provider: dict[str, list[Answer]] = defaultdict(list)
    for answer in gathered.answers:
        by_provider[answer.provider].append(answer)
    used = Counter(one.provider for one in resolution.provenance.values()) if resolution else Counter[str]()
    for provider in sorted(by_provider):
        source = gathered.evidence.get(provider)
        row = _counts(by_provider[provider]) | {
            "provider": provider,
            "window": WINDOW_SECONDS,
            "matched": int(source is not None and source.verdict == MATCHED),
            "values_used": used[provider],
        }
        await connection.execute(_COUNT, row)


def _counts(answers: Iterable[Answer]) -> dict[str, float]:
    kinds = Counter(_kind(answer) for answer in answers)
    latencies = [answer.latency_ms for answer in answers]
    return {
        "calls": len(latencies),
        "answered": kinds["answered"],
        "not_found": kinds["not_found"],
        "held_back": kinds["held_back"],
        "failed": kinds["failed"],
        "latency_total": sum(latencies),
        "latency_max": max(latencies),
    }


def _kind(answer: Answer) -> str:
    if answer.was_held_back:
        return "held_back"
    if not answer.was_answered:
        return "failed"
    return "answered" if answer.candidates else "not_found"

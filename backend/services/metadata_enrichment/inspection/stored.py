"""What Silver and Gold know of one track, put together for the inspector."""

from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from backend.contracts.inspection import FieldDisagreement, SourceInspection, TrackInspection, WalkStep
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.inspection.candidates import stored_candidate
from backend.services.metadata_enrichment.inspection.lineage import Lineages

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Row = dict[str, Any]

# The newest request for which somebody was asked; one that Gold answered tells nothing.
_REQUEST: LiteralString = """
SELECT r.id, r.artist_name, r.track_title, r.received_at,
    coalesce(r.config_version, t.config_version, 0) AS version
FROM enrichment_requests r LEFT JOIN enriched_tracks t USING (track_id)
WHERE r.track_id = %s
ORDER BY EXISTS (SELECT FROM api_responses a WHERE a.request_id = r.id) DESC, r.received_at DESC, r.id DESC
LIMIT 1
"""
_ANSWERS: LiteralString = "SELECT * FROM api_responses WHERE request_id = %s ORDER BY id"
_EVIDENCE: LiteralString = "SELECT * FROM source_evidence WHERE request_id = %s"
_STEPS: LiteralString = """
SELECT s.field, s.position, s.provider, s.outcome, s.input_value AS value, s.confidence, w.min_confidence,
    s.detail
FROM enrichment_transformations s
LEFT JOIN enrichment_pipeline_runs run ON run.id = s.run_id
LEFT JOIN waterfall_api_configuration w
    ON w.version = coalesce(run.config_version, %s) AND w.field = s.field
        AND w.position = s.position AND w.provider = s.provider
WHERE s.request_id = %s AND s.run_id IS NOT DISTINCT FROM (
    SELECT last.run_id FROM enrichment_transformations AS last
    WHERE last.request_id = s.request_id AND last.field = s.field ORDER BY last.id DESC LIMIT 1
)
ORDER BY s.id
"""
_DISAGREEMENTS: LiteralString = """
SELECT field, policy, winner, winning_value AS value, others FROM field_disagreements
WHERE request_id = %s ORDER BY field
"""


class StoredInspections:
    """Reads the inspection of stored tracks. psycopg errors pass through."""

    def __init__(self, pool: Pool, lineages: Lineages) -> None:
        self._pool = pool
        self._lineages = lineages

    async def of_track(self, track_id: str) -> TrackInspection | None:
        """The track with everything behind it; none when it was never asked for."""
        async with self._pool.connection() as connection:
            requests = await _rows(connection, _REQUEST, track_id)
            if not requests:
                return None
            request = requests[0]
            answers = await _rows(connection, _ANSWERS, request["id"])
            evidence = await _rows(connection, _EVIDENCE, request["id"])
            steps = await _rows(connection, _STEPS, request["version"], request["id"])
            disagreements = await _rows(connection, _DISAGREEMENTS, request["id"])
        lineage = await self._lineages.of_track(track_id)
        return TrackInspection(
            track_id=track_id,
            artist_name=request["artist_name"],
            track_title=request["track_title"],
            config_version=request["version"],
            at=request["received_at"],
            sources=_sources(answers, evidence),
            walk=[WalkStep.model_validate(step) for step in steps],
            values={entry.field: entry.value for entry in lineage},
            lineage=lineage,
            disagreements=[FieldDisagreement.model_validate(one) for one in disagreements],
        )


def _sources(answers: list[Row], evidence: list[Row]) -> list[SourceInspection]:
    judged = {row["provider"]: row for row in evidence}
    providers = dict.fromkeys([*(row["provider"] for row in answers), *judged])
    return [
        _source(provider, [row for row in answers if row["provider"] == provider], judged.get(provider))
        for provider in providers
    ]


def _source(provider: str, answers: list[Row], evidence: Row | None) -> SourceInspection:
    """Of what was kept about it: requests from before `source_evidence` have their answers alone."""
    told = evidence or _told_by(answers)
    received = [row["received_at"] for row in (*answers, *([evidence] if evidence else []))]
    responses = [str(row["raw_response_id"]) for row in answers if row["raw_response_id"]]
    return SourceInspection(
        provider=provider,
        outcome=told["outcome"],
        verdict=told["verdict"],
        detail=told["detail"],
        calls=told["calls"],
        response_ids=list(dict.fromkeys(responses)),
        received_at=max(received, default=None),
        candidates=[stored_candidate(row) for row in _candidates(answers)],
    )


def _candidates(answers: list[Row]) -> list[Row]:
    """Each once, though a look-up names again what the search has named; the surest first."""
    first: dict[str, Row] = {}
    for row in answers:
        if row["candidate"] is not None:
            first.setdefault(row["provider_track_id"], row)
    return sorted(first.values(), key=lambda row: (not row["chosen"], -(row["match_probability"] or 0.0)))


def _told_by(answers: list[Row]) -> Row:
    calls = len({(row["operation"], row["raw_response_id"]) for row in answers})
    if any(row["chosen"] for row in answers):
        verdict = "matched"
    else:
        verdict = "no_match" if any(row["candidate"] for row in answers) else "no_answer"
    return {"outcome": answers[0]["outcome"], "verdict": verdict, "detail": "", "calls": calls}


async def _rows(connection: Connection, statement: LiteralString, *arguments: Any) -> list[Row]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, arguments)).fetchall()

"""Silver rows of one request: the candidates with their judgement, and the steps of the waterfall."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.selection import Selection
from backend.services.metadata_enrichment.waterfall.resolution import Resolution
from backend.services.metadata_enrichment.waterfall.steps import USED, StepResult
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.gathering import Gathered

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_ANSWER = """
INSERT INTO api_responses (request_id, track_id, provider, operation, outcome, raw_response_id,
    provider_track_id, candidate, match_probability, match_features, chosen)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_STEP = """
INSERT INTO enrichment_transformations (request_id, track_id, field, position, provider, outcome,
    input_value, output_value, confidence, detail, run_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


async def write_answers(connection: Connection, request_id: UUID, track_id: str, gathered: Gathered) -> None:
    """One row a candidate, or one row for an answer without any."""
    rows = [
        (
            request_id,
            track_id,
            answer.provider,
            answer.operation,
            answer.outcome.value,
            answer.response_id,
            *rest,
        )
        for answer in gathered.answers
        for rest in _candidate_columns(answer, gathered.selections.get(answer.provider))
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(_ANSWER, rows)


async def write_steps(
    connection: Connection,
    request_id: UUID,
    track_id: str,
    resolution: Resolution,
    run_id: UUID | None = None,
) -> None:
    """One row a step of every field's waterfall; `run_id` is the replay that walked it again."""
    rows = [(request_id, track_id, *_step_columns(step), run_id) for step in resolution.steps]
    async with connection.cursor() as cursor:
        await cursor.executemany(_STEP, rows)


def _candidate_columns(answer: Answer, selection: Selection | None) -> list[tuple[Any, ...]]:
    if not answer.candidates:
        return [(None, None, None, None, False)]
    return [_judged_columns(candidate, selection) for candidate in answer.candidates]


def _judged_columns(candidate: TrackCandidate, selection: Selection | None) -> tuple[Any, ...]:
    judgements = selection.judgements if selection else ()
    judged = next((one for one in judgements if one.candidate.provider_id == candidate.provider_id), None)
    chosen = selection.chosen.candidate.provider_id if selection and selection.chosen else None
    return (
        candidate.provider_id,
        Jsonb(candidate.model_dump(mode="json")),
        judged.probability if judged else None,
        Jsonb(judged.explanation()) if judged else None,
        candidate.provider_id == chosen,
    )


def _step_columns(step: StepResult) -> tuple[Any, ...]:
    value = None if step.value is None else Jsonb(step.value)
    output = value if step.outcome == USED else None
    return (
        step.field,
        step.position,
        step.provider,
        step.outcome,
        value,
        output,
        step.confidence,
        step.detail,
    )

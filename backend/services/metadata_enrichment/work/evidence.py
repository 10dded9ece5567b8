"""Makes the evidence of a source out of its answers."""

from dataclasses import dataclass
from typing import Any

from backend.contracts.gateway import Outcome, TrackCandidate
from backend.services.metadata_enrichment.matching.judging import Judgement
from backend.services.metadata_enrichment.matching.selection import Selection
from backend.services.metadata_enrichment.waterfall.evidence import MATCHED, NO_ANSWER, SourceEvidence
from backend.services.metadata_enrichment.waterfall.fields import values_of
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.provider_ways import only_in_record


@dataclass(frozen=True)
class Consulted:
    """What was asked of one source so far."""

    answer: Answer
    """The one that names its candidates: of a search, or of a look-up by an identifier known before."""
    selection: Selection
    lookup: Answer | None = None
    """Its record of the chosen candidate, if it was fetched behind a search."""
    calls: int = 1


def evidence_of(consulted: Consulted) -> SourceEvidence:
    """What the source has for every field."""
    answer, chosen = consulted.answer, consulted.selection.chosen
    if chosen is None:
        return _without_match(consulted)
    candidate, gaps = _completed(chosen, consulted.lookup)
    found = values_of(candidate)
    hidden = frozenset() if answer.operation == "track" else only_in_record(chosen.candidate)
    open_fields = hidden - found.valid.keys() - found.invalid.keys()
    failed = consulted.lookup is not None and not consulted.lookup.was_answered
    last = consulted.lookup if failed and consulted.lookup is not None else answer
    return SourceEvidence(
        provider=answer.provider,
        outcome=last.outcome,
        verdict=MATCHED,
        match_probability=chosen.probability,
        values=found.valid,
        invalid=found.invalid,
        lookup_fields=gaps | open_fields if consulted.lookup is not None else frozenset(),
        unasked_fields=open_fields if consulted.lookup is None else frozenset(),
        detail=last.detail,
        calls=consulted.calls,
        response_id=answer.response_id,
        lookup_response_id=consulted.lookup.response_id if consulted.lookup else None,
        received_at=last.received_at,
    )


def _without_match(consulted: Consulted) -> SourceEvidence:
    answer = consulted.answer
    judged = answer.outcome is Outcome.OK
    return SourceEvidence(
        provider=answer.provider,
        outcome=answer.outcome,
        verdict=consulted.selection.verdict if judged else NO_ANSWER,
        detail=consulted.selection.reason if judged else answer.detail,
        calls=consulted.calls,
        response_id=answer.response_id,
        received_at=answer.received_at,
    )


def _completed(chosen: Judgement, lookup: Answer | None) -> tuple[TrackCandidate, frozenset[str]]:
    """The chosen candidate with what its record has besides, and the fields that come from there."""
    known = chosen.candidate
    if lookup is None:
        return known, frozenset()
    record = next((one for one in lookup.candidates if one.provider_id == known.provider_id), None)
    if record is None:
        return known, frozenset()
    had = known.model_dump()
    gaps: dict[str, Any] = {
        name: value for name, value in record.model_dump().items() if value and not had[name]
    }
    return known.model_copy(update=gaps), frozenset(_FIELD_OF.get(name, name) for name in gaps)


_FIELD_OF = {"key": "musical_key", "title": "track_title", "artists": "artist_name"}
"""Where a candidate's attribute is called otherwise than the field."""

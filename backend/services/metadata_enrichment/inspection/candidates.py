"""A source's candidate with everything that was weighed, from Silver or from a judgement just made."""

from collections.abc import Mapping
from typing import Any

from backend.contracts.gateway import TrackCandidate
from backend.contracts.inspection import CandidateInspection, Penalty
from backend.services.metadata_enrichment.matching.selection import Selection

_EVIDENCE = ("title", "artist", "version", "duration", "identifier", "album", "year", "label")


def judged_candidates(selection: Selection) -> list[CandidateInspection]:
    """All candidates of a source, the surest first."""
    chosen = selection.chosen.candidate.provider_id if selection.chosen else None
    return [
        inspected(
            judgement.candidate,
            judgement.probability,
            judgement.gate,
            judgement.evidence(),
            chosen=judgement.candidate.provider_id == chosen,
        )
        for judgement in selection.judgements
    ]


def stored_candidate(row: Mapping[str, Any]) -> CandidateInspection:
    """A row of `api_responses` that names a candidate."""
    features: dict[str, Any] = row["match_features"] or {}
    candidate = TrackCandidate.model_validate(row["candidate"])
    return inspected(
        candidate,
        row["match_probability"],
        features.get("gate", ""),
        _stored_evidence(features),
        chosen=row["chosen"],
    )


def inspected(
    candidate: TrackCandidate,
    probability: float | None,
    gate: str,
    evidence: list[Penalty],
    *,
    chosen: bool,
) -> CandidateInspection:
    """A candidate as the inspector shows it."""
    shown = candidate.model_dump(
        include={"provider_id", "title", "artists", "version", "album", "isrc", "duration_ms"}
        | {"release_date", "url"}
    )
    return CandidateInspection(**shown, probability=probability, gate=gate, evidence=evidence, chosen=chosen)


def _stored_evidence(features: Mapping[str, Any]) -> list[Penalty]:
    """Rows from before the words were kept have the weights alone."""
    if "evidence" in features:
        return [Penalty.model_validate(one) for one in features["evidence"]]
    known = [(name, features[name]) for name in _EVIDENCE if name in features]
    return [Penalty(name=name, weight=weight, explanation="not kept at that time") for name, weight in known]

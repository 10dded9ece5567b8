"""Chooses, for every provider, the candidate that is the wanted track, or says that it is unsure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.judging import Judgement, Wanted, judge, same_recording

ACCEPTANCE = 0.80
"""Below this probability a candidate is not taken, whatever the thresholds of the fields.

It is the probability beside the strongest other recording of the same provider. The two exclude each other,
so the other one has at most 0.20 left: a lead of at least 0.60, where the design asks for 0.15.
"""
REVIEW = 0.40
"""From here on a person could tell: the verdict is unsure instead of no match."""
_ALIKE = 0.5
"""Scores this close are the same evidence."""


class Verdict(StrEnum):
    """What came of a provider's candidates; as in `source_evidence.verdict`."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    """No candidate is the wanted track."""
    UNSURE = "unsure"
    """Several recordings fit, or one fits but not well enough; a person could tell."""


@dataclass(frozen=True)
class Selection:
    """The judged candidates of one provider; `chosen` is none for "no match" and for "unsure"."""

    judgements: tuple[Judgement, ...]
    chosen: Judgement | None
    reason: str = ""
    verdict: Verdict = Verdict.NO_MATCH


def select(wanted: Wanted, candidates: Mapping[str, Sequence[TrackCandidate]]) -> dict[str, Selection]:
    """Choose for each provider.

    The surest match that has both ISRC and duration becomes evidence for the other providers: it tells
    recordings apart that share a title.
    """
    first = {provider: _select_one(wanted, found) for provider, found in candidates.items()}
    anchor = _anchor(first)
    if anchor is None:
        return first
    known = replace(
        wanted,
        isrc=wanted.isrc or anchor.candidate.isrc,
        duration_ms=wanted.duration_ms or anchor.candidate.duration_ms,
    )
    return {
        provider: first[provider] if provider == anchor.candidate.provider else _select_one(known, found)
        for provider, found in candidates.items()
    }


def _anchor(selections: Mapping[str, Selection]) -> Judgement | None:
    chosen = (selection.chosen for selection in selections.values())
    usable = [one for one in chosen if one and one.candidate.isrc and one.candidate.duration_ms]
    return max(usable, key=_probability, default=None)


def _select_one(wanted: Wanted, candidates: Sequence[TrackCandidate]) -> Selection:
    judged = sorted((judge(wanted, candidate) for candidate in candidates), key=_score, reverse=True)
    judgements = tuple(_beside(one, _rival(one, judged)) for one in judged)
    if not judged or judged[0].probability < REVIEW:
        return Selection(judgements, None, "no match")
    if judged[0].probability < ACCEPTANCE:
        reason = f"unsure: {judged[0].candidate.title} fits, but not well enough"
        return Selection(judgements, None, reason, Verdict.UNSURE)
    if judgements[0].probability < ACCEPTANCE:
        return Selection(judgements, None, "unsure: two recordings fit alike", Verdict.UNSURE)
    return Selection(judgements, _earliest_release(judgements), verdict=Verdict.MATCHED)


def _rival(one: Judgement, judged: Sequence[Judgement]) -> Judgement | None:
    """The surest candidate that is another recording.

    One with a mark nobody asked for ("single version") does not compete with one without.
    """
    others = (other for other in judged if other is not one and (other.is_exact or not one.is_exact))
    return next((other for other in others if not same_recording(one.candidate, other.candidate)), None)


def _beside(one: Judgement, rival: Judgement | None) -> Judgement:
    """With the probability that is left when only one of the two can be the wanted track."""
    if rival is None or not one.probability:
        return one
    chances = _odds(one.probability)
    return replace(one, probability=chances / (1 + chances + _odds(rival.probability)))


def _odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-9)


def _earliest_release(judged: Sequence[Judgement]) -> Judgement:
    """Of candidates of the same recording that fit alike, the first release, not a later compilation."""
    best = judged[0]
    equal = [
        one
        for one in judged
        if best.score - one.score < _ALIKE and not one.gate and same_recording(one.candidate, best.candidate)
    ]
    return min(equal, key=_release_date)


def _release_date(judgement: Judgement) -> str:
    return judgement.candidate.release_date or "9999"


def _score(judgement: Judgement) -> float:
    return -math.inf if judgement.gate else judgement.score


def _probability(judgement: Judgement) -> float:
    return judgement.probability

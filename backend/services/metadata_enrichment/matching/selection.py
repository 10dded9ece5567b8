"""Chooses, for every provider, the candidate that is the wanted track, or says that it is unsure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.judging import Judgement, Wanted, judge, same_recording

ACCEPTANCE = 0.80
"""Below this probability a candidate is not taken, whatever the thresholds of the fields."""
LEAD = 0.15
"""How much surer the chosen recording must be than any other recording of the same provider."""


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
    judged = sorted((judge(wanted, candidate) for candidate in candidates), key=_probability, reverse=True)
    judgements = tuple(judged)
    if not judged or judged[0].probability < ACCEPTANCE:
        return Selection(judgements, None, "no match")
    best = judged[0]
    rival = next((one for one in judged if _is_rival(one, best)), None)
    if rival is not None and best.probability - rival.probability < LEAD:
        return Selection(judgements, None, "unsure: two recordings fit alike", Verdict.UNSURE)
    return Selection(judgements, _earliest_release(best, judged), verdict=Verdict.MATCHED)


def _is_rival(one: Judgement, best: Judgement) -> bool:
    """Another recording; one with a mark nobody asked for does not compete with one without."""
    if best.is_exact and not one.is_exact:
        return False
    return not same_recording(one.candidate, best.candidate)


def _earliest_release(best: Judgement, judged: Sequence[Judgement]) -> Judgement:
    """Of equally sure candidates of the same recording, the first release, not a later compilation."""
    equal = [
        one
        for one in judged
        if best.probability - one.probability < 0.01 and same_recording(one.candidate, best.candidate)
    ]
    return min(equal, key=_release_date)


def _release_date(judgement: Judgement) -> str:
    return judgement.candidate.release_date or "9999"


def _probability(judgement: Judgement) -> float:
    return judgement.probability

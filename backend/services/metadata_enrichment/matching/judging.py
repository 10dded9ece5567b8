"""Judges whether a track that a provider names is the track that was asked for.

Gates first: another artist, another version or a karaoke track is no match however well the rest agrees.
Then log-odds over titles, credits, durations, versions, albums, years, labels and identifiers are added up
and turned into a probability by what such a score has meant at that provider.
"""

from dataclasses import asdict, dataclass
from typing import Any

from backend.contracts.gateway import TrackCandidate
from backend.contracts.inspection import Penalty
from backend.services.metadata_enrichment.matching import evidence, explaining
from backend.services.metadata_enrichment.matching.artists import ArtistAgreement, agreement
from backend.services.metadata_enrichment.matching.calibration import QueryType, calibration
from backend.services.metadata_enrichment.matching.evidence import Features, Wanted, apart_ms, title_agreement
from backend.services.metadata_enrichment.matching.identifiers import same_isrc
from backend.services.metadata_enrichment.matching.normalisation import sounding
from backend.services.metadata_enrichment.matching.titles import Title, sounds_like_pretender, take_apart
from backend.services.metadata_enrichment.matching.versions import conflict, is_live_album

__all__ = ["Features", "Judgement", "Wanted", "judge", "same_recording"]

ARTIST_FLOOR = 0.35
DURATION_LIMIT_MS = 30_000
_BASE = -1.0
_LIVE_ALBUM = -3.5


@dataclass(frozen=True)
class Judgement:
    """A candidate with the probability that it is the wanted track; `gate` says what ruled it out."""

    candidate: TrackCandidate
    probability: float
    features: Features
    gate: str = ""
    is_exact: bool = True
    """Whether it has the same name and marks ("single version") as what was asked for, letter for letter."""
    wanted: Wanted | None = None
    score: float = 0.0
    """The evidence added up, before calibration."""

    def evidence(self) -> list[Penalty]:
        """Every piece of evidence with its weight, in words."""
        if self.wanted is None:
            return []
        return explaining.penalties(self.wanted, self.candidate, self.features)

    def explanation(self) -> dict[str, Any]:
        """The feature vector, the gate and the evidence in words, for the candidate's row in Silver.

        Words only of what weighs something, or ruled it out: there are very many rows.
        """
        telling = explaining.GATED_BY.get(self.gate)
        words = [one.model_dump() for one in self.evidence() if one.weight or one.name == telling]
        return {**asdict(self.features), "score": round(self.score, 3), "gate": self.gate, "evidence": words}


def judge(wanted: Wanted, candidate: TrackCandidate) -> Judgement:
    """Weigh one candidate."""
    asked, offered = take_apart(wanted.title), take_apart(candidate.title, candidate.version)
    alike = _is_spelled_alike(wanted, candidate)
    title = 1.0 if alike else title_agreement(asked, offered)
    artist = agreement(wanted.artist, asked.featured, candidate.artists, offered.featured)
    if gate := _gate(wanted, candidate, asked, asked if alike else offered, artist):
        seen = Features(title_similarity=round(title, 3), artist_similarity=round(artist.value, 3))
        return Judgement(candidate, 0.0, seen, gate, wanted=wanted)
    features = _weighed(wanted, candidate, asked, offered, artist, title)
    score = _BASE + features.total
    exact = title >= 1 and asked.version.telling_marks == offered.version.telling_marks
    probability = calibration().probability(score, candidate.provider, query_type(wanted, candidate))
    return Judgement(candidate, probability, features, "", exact, wanted, score)


def query_type(wanted: Wanted, candidate: TrackCandidate) -> QueryType:
    """What led to the candidate: the ISRC, or names alone."""
    return "isrc" if same_isrc(wanted.isrc, candidate.isrc) else "text"


def same_recording(one: TrackCandidate, other: TrackCandidate) -> bool:
    """Whether two candidates of one provider are the same recording, for example on two albums."""
    apart = apart_ms(one.duration_ms, other.duration_ms)
    if apart is not None and apart > 2_000:
        return same_isrc(one.isrc, other.isrc) and apart <= DURATION_LIMIT_MS and _same_title(one, other)
    return _same_title(one, other)


def _same_title(one: TrackCandidate, other: TrackCandidate) -> bool:
    first, second = take_apart(one.title, one.version), take_apart(other.title, other.version)
    if first.version.kinds != second.version.kinds or conflict(first.version, second.version):
        return False
    return title_agreement(first, second) >= evidence.SAME_NAME


def _is_spelled_alike(wanted: Wanted, candidate: TrackCandidate) -> bool:
    """Whether the whole titles are equal, so that it does not matter where the version begins."""
    asked, offered = sounding(wanted.title), sounding(candidate.title)
    if not candidate.version or not asked.startswith(offered):
        return asked == offered
    if asked == offered:
        whole = take_apart(candidate.title, candidate.version)
        return take_apart(candidate.title).version == whole.version
    return asked == f"{offered} {sounding(candidate.version)}"


def _weighed(
    wanted: Wanted,
    candidate: TrackCandidate,
    asked: Title,
    offered: Title,
    artist: ArtistAgreement,
    title: float,
) -> Features:
    return Features(
        title=evidence.title_weight(title, asked, offered),
        artist=evidence.artist_weight(artist.value, artist.is_comparable),
        version=_version_weight(candidate, asked, offered),
        duration=evidence.duration_weight(wanted.duration_ms, candidate.duration_ms),
        identifier=evidence.identifier_weight(wanted, candidate, title),
        album=evidence.album_weight(wanted.album, candidate.album),
        year=evidence.year_weight(wanted.year, candidate.release_date),
        label=evidence.label_weight(wanted, candidate),
        title_similarity=round(title, 3),
        artist_similarity=round(artist.value, 3),
    )


def _version_weight(candidate: TrackCandidate, asked: Title, offered: Title) -> float:
    if is_live_album(candidate.album or "") and not offered.version.kinds:
        return 0.0 if "live" in asked.version.kinds else _LIVE_ALBUM
    return evidence.version_weight(asked.version, offered.version)


def _gate(
    wanted: Wanted, candidate: TrackCandidate, asked: Title, offered: Title, artist: ArtistAgreement
) -> str:
    if artist.value < ARTIST_FLOOR and (artist.is_comparable or not same_isrc(wanted.isrc, candidate.isrc)):
        return "other artist"
    if _is_pretender(wanted, candidate):
        return "karaoke or tribute"
    if _is_other_version(candidate, asked, offered):
        return "other version"
    apart = apart_ms(wanted.duration_ms, candidate.duration_ms)
    return "other duration" if apart is not None and apart > DURATION_LIMIT_MS else ""


def _is_pretender(wanted: Wanted, candidate: TrackCandidate) -> bool:
    offered = (candidate.title, candidate.version, candidate.album, *candidate.artists)
    return sounds_like_pretender(*offered) and not sounds_like_pretender(wanted.title, wanted.artist)


def _is_other_version(candidate: TrackCandidate, asked: Title, offered: Title) -> bool:
    if not conflict(asked.version, offered.version):
        return False
    live = asked.version.kinds == {"live"} and not offered.version.kinds
    return not (live and is_live_album(candidate.album or ""))

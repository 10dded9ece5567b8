"""Judges whether a track that a provider names is the track that was asked for.

Gates first: another artist, another version or a karaoke track is no match however well the rest agrees.
Then additive log-odds over title, artist, duration, identifiers and version give a probability. Rank,
popularity and search score of the provider are no evidence: the radio edit is often the more popular one.
"""

import math
from dataclasses import asdict, dataclass

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.normalisation import artist_similarity, similarity
from backend.services.metadata_enrichment.matching.titles import (
    Title,
    Version,
    sounds_like_pretender,
    split_artists,
    take_apart,
)

ARTIST_FLOOR = 0.35
DURATION_LIMIT_MS = 30_000
_BASE = -1.0
_VERSION_NAME_FLOOR = 0.6


@dataclass(frozen=True)
class Wanted:
    """What was asked for, and what is known of it besides: evidence is None where nothing is known."""

    artist: str
    title: str
    isrc: str | None = None
    duration_ms: int | None = None


@dataclass(frozen=True)
class Features:
    """The evidence in log-odds (positive speaks for a match), as kept beside the candidate."""

    title: float = 0.0
    artist: float = 0.0
    version: float = 0.0
    duration: float = 0.0
    identifier: float = 0.0
    title_similarity: float = 0.0
    artist_similarity: float = 0.0


@dataclass(frozen=True)
class Judgement:
    """A candidate with the probability that it is the wanted track; `gate` says what ruled it out."""

    candidate: TrackCandidate
    probability: float
    features: Features
    gate: str = ""
    is_exact: bool = True
    """Whether it carries the same marks ("single version") as what was asked for."""

    def explanation(self) -> dict[str, float | str]:
        """The feature vector and the gate, for the candidate's row in Silver."""
        return {**asdict(self.features), "gate": self.gate}


def judge(wanted: Wanted, candidate: TrackCandidate) -> Judgement:
    """Weigh one candidate."""
    asked, offered = take_apart(wanted.title), take_apart(candidate.title, candidate.version)
    title = similarity(asked.work, offered.work)
    artist = _artist_agreement(wanted, asked, candidate, offered)
    if gate := _gate(wanted, candidate, asked, offered, artist):
        features = Features(title_similarity=round(title, 3), artist_similarity=round(artist, 3))
        return Judgement(candidate, 0.0, features, gate)
    features = Features(
        title=_title_weight(title),
        artist=_artist_weight(artist),
        version=_version_weight(asked, offered),
        duration=_duration_weight(wanted.duration_ms, candidate.duration_ms),
        identifier=3.0 if _same_isrc(wanted.isrc, candidate.isrc) and title >= ARTIST_FLOOR else 0.0,
        title_similarity=round(title, 3),
        artist_similarity=round(artist, 3),
    )
    exact = asked.marks == offered.marks
    evidence = features.title + features.artist + features.version + features.duration + features.identifier
    return Judgement(candidate, 1 / (1 + math.exp(-(_BASE + evidence))), features, is_exact=exact)


def same_recording(one: TrackCandidate, other: TrackCandidate) -> bool:
    """Whether two candidates of one provider are the same recording, for example on two albums."""
    if _same_isrc(one.isrc, other.isrc):
        return True
    if one.duration_ms and other.duration_ms and abs(one.duration_ms - other.duration_ms) > 2_000:
        return False
    first, second = take_apart(one.title, one.version), take_apart(other.title, other.version)
    return first.version == second.version and similarity(first.work, second.work) > 0.95


def _gate(wanted: Wanted, candidate: TrackCandidate, asked: Title, offered: Title, artist: float) -> str:
    if artist < ARTIST_FLOOR:
        return "other artist"
    if _is_pretender(wanted, candidate):
        return "karaoke or tribute"
    if _versions_conflict(asked.version, offered.version):
        return "other version"
    if _apart_ms(wanted.duration_ms, candidate.duration_ms) > DURATION_LIMIT_MS:
        return "other duration"
    return ""


def _apart_ms(one: int | None, other: int | None) -> int:
    return abs(one - other) if one and other else 0


def _is_pretender(wanted: Wanted, candidate: TrackCandidate) -> bool:
    offered = (candidate.title, candidate.version, candidate.album, *candidate.artists)
    return sounds_like_pretender(*offered) and not sounds_like_pretender(wanted.title, wanted.artist)


def _versions_conflict(asked: Version, offered: Version) -> bool:
    if asked.kinds != offered.kinds:
        return True
    if not asked.name or not offered.name:
        return False
    return similarity(asked.name, offered.name) < _VERSION_NAME_FLOOR


def _artist_agreement(wanted: Wanted, asked: Title, candidate: TrackCandidate, offered: Title) -> float:
    """1 when the credits name the same artists; a shared main artist counts a little less."""
    credited = [*candidate.artists, *offered.featured]
    if artist_similarity(wanted.artist, " ".join(candidate.artists)) > 0.99:
        return 1.0
    sought = [*split_artists(wanted.artist), *asked.featured]
    known = [piece for credit in credited for piece in split_artists(credit)]
    best = [max((artist_similarity(one, other) for other in known), default=0.0) for one in sought]
    whole = max((artist_similarity(wanted.artist, credit) for credit in credited), default=0.0)
    if not best:
        return whole
    main = max(best[0], whole)
    return main if min(best) > 0.9 and len(known) <= len(sought) else min(main, 0.97)


def _title_weight(agreement: float) -> float:
    steps = ((0.999, 3.0), (0.95, 2.2), (0.9, 1.2), (0.8, -0.8))
    return next((weight for floor, weight in steps if agreement >= floor), -4.0)


def _artist_weight(agreement: float) -> float:
    steps = ((0.999, 2.5), (0.95, 2.0), (0.9, 1.2), (0.75, -0.5))
    return next((weight for floor, weight in steps if agreement >= floor), -4.0)


def _version_weight(asked: Title, offered: Title) -> float:
    """Same version: some evidence when it has a name, doubt when only one side names or marks it."""
    doubt = 0.0 if asked.marks == offered.marks else -0.7
    if bool(asked.version.name) != bool(offered.version.name):
        return doubt - 0.7
    return doubt + (0.5 if asked.version.name else 0.0)


def _duration_weight(wanted_ms: int | None, offered_ms: int | None) -> float:
    if not wanted_ms or not offered_ms:
        return 0.0
    apart = abs(wanted_ms - offered_ms)
    steps = ((2_000, 1.5), (5_000, 0.8), (10_000, 0.0))
    return next((weight for limit, weight in steps if apart <= limit), -1.5)


def _same_isrc(one: str | None, other: str | None) -> bool:
    return bool(one and other) and _plain(one) == _plain(other)


def _plain(isrc: str | None) -> str:
    return (isrc or "").replace("-", "").replace(" ", "").upper()

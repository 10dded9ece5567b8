"""Weighs what is known of a candidate: log-odds that add up, 0 where nothing is known.

The weights are set by hand, by what each piece of evidence is worth in the golden cases; the calibration puts
their sum to scale. Rank, popularity and search score of the provider are no evidence: the radio edit is
often the more popular.
"""

from dataclasses import dataclass

from backend.contracts.gateway import TrackCandidate
from backend.services.metadata_enrichment.matching.identifiers import same_catalogue_number, same_isrc
from backend.services.metadata_enrichment.matching.normalisation import (
    are_comparable,
    folded,
    numbers,
    similarity,
    sounding,
    without_article,
)
from backend.services.metadata_enrichment.matching.titles import Title, take_apart
from backend.services.metadata_enrichment.matching.versions import Version

SHORTEST_MS = 5_000
"""Anything shorter is taken for a mistake in the unit, and the duration for unknown."""
TITLE_AGREES = 0.8
SAME_NAME = 0.95
"""From here on two names may be one, differently written."""
_SUBTITLE_APART = 0.97
_ANOTHER_WORD = 0.85
_ANOTHER_NUMBER = 0.6
_SHORT_TITLE = 9
"""Up to this many letters, another letter makes another title: Animal, Animals."""
_USUAL_MARKS = frozenset({"original mix", "original", "album version", "main mix", "lp version"})
"""What the plain title means as a rule."""
_TELLING_MARKS = ("single", "7", "original")
"""Marks that as a rule mean another length: "Single Version", "Original Version"."""
_GENERIC = frozenset(
    {"intro", "outro", "interlude", "skit", "untitled", "prelude", "bonus track", "hidden track", "medley"}
)


@dataclass(frozen=True)
class Wanted:
    """What was asked for, and what is known of it besides: evidence is None where nothing is known."""

    artist: str
    title: str
    isrc: str | None = None
    duration_ms: int | None = None
    album: str | None = None
    year: int | None = None
    label: str | None = None
    catalogue_number: str | None = None


@dataclass(frozen=True)
class Features:
    """The evidence in log-odds (positive speaks for a match), as kept beside the candidate."""

    title: float = 0.0
    artist: float = 0.0
    version: float = 0.0
    duration: float = 0.0
    identifier: float = 0.0
    album: float = 0.0
    year: float = 0.0
    label: float = 0.0
    title_similarity: float = 0.0
    artist_similarity: float = 0.0

    @property
    def total(self) -> float:
        """All the evidence together."""
        weights = (self.title, self.artist, self.version, self.duration)
        return sum((*weights, self.identifier, self.album, self.year, self.label))


def title_agreement(asked: Title, offered: Title) -> float:
    """0 to 1: 1 for the same name, a little less when one side has a subtitle that the other lacks."""
    whole = similarity(asked.work, offered.work)
    if whole >= 1:
        return 1.0
    if numbers(asked.work) != numbers(offered.work):
        return min(whole, _ANOTHER_NUMBER)
    if _same_but_for_a_subtitle(asked, offered):
        return _SUBTITLE_APART
    if without_article(asked.work) == without_article(offered.work):
        return _SUBTITLE_APART
    if whole <= _ANOTHER_WORD:
        return whole
    return min(whole, SAME_NAME if _is_misspelt(asked.work, offered.work) else _ANOTHER_WORD)


def title_weight(agreement: float, asked: Title, offered: Title) -> float:
    """From 3 for the same name to -5 for another one."""
    if not are_comparable(asked.work, offered.work) and agreement < SAME_NAME:
        return -2.5
    if agreement >= 1:
        return 1.0 if asked.core.casefold() in _GENERIC else 3.0
    if agreement >= _SUBTITLE_APART:
        return 2.0
    if agreement >= 0.9 and min(len(asked.work), len(offered.work)) <= _SHORT_TITLE:
        return -2.0
    if agreement >= 0.9:
        return 1.4 if agreement >= SAME_NAME else 0.8
    return -2.5 if agreement >= TITLE_AGREES else -5.0


def artist_weight(agreement: float, is_comparable: bool) -> float:
    """From 2.5 for the same credits to -4.5 for another artist."""
    if not is_comparable and agreement < 0.92:
        return 0.0
    steps = ((0.999, 2.5), (0.97, 2.2), (0.92, 1.0), (0.85, -1.0), (0.75, -2.5))
    return next((weight for floor, weight in steps if agreement >= floor), -4.5)


def version_weight(asked: Version, offered: Version) -> float:
    """Doubt where only one side names or marks the version; versions that conflict are a matter of a gate."""
    weight = 0.5 if asked.name and offered.name else 0.0
    if bool(asked.name) != bool(offered.name):
        weight -= 1.0
    if bool(asked.year) != bool(offered.year) and asked.kinds:
        weight -= 0.3
    return weight - sum(map(_doubt, asked.telling_marks ^ offered.telling_marks))


def _doubt(mark: str) -> float:
    """How much a mark that only one side has speaks against a match."""
    if mark in _USUAL_MARKS:
        return 0.2
    return 4.0 if mark.startswith(_TELLING_MARKS) else 0.5


def apart_ms(one: int | None, other: int | None) -> int | None:
    """How far two durations are apart; None when one is not known or cannot be one."""
    if not one or not other or min(one, other) < SHORTEST_MS:
        return None
    return abs(one - other)


def duration_weight(one: int | None, other: int | None) -> float:
    """From 1.5 within 2 s (providers round to seconds) to -4."""
    apart = apart_ms(one, other)
    if apart is None:
        return 0.0
    steps = ((2_000, 1.5), (5_000, 0.8), (10_000, -1.0), (20_000, -2.5))
    return next((weight for limit, weight in steps if apart <= limit), -4.0)


def identifier_weight(wanted: Wanted, candidate: TrackCandidate, title: float) -> float:
    """Strong when the ISRC is equal and title or duration agree: some ISRCs are wrong, some serve for two."""
    if not same_isrc(wanted.isrc, candidate.isrc):
        return 0.0
    apart = apart_ms(wanted.duration_ms, candidate.duration_ms)
    return 4.0 if title >= TITLE_AGREES or (apart is not None and apart <= 2_000) else 0.0


def album_weight(wanted: str | None, offered: str | None) -> float:
    """An equal album speaks for a match; another one says little, as tracks stand on many."""
    if not wanted or not offered:
        return 0.0
    same = similarity(take_apart(wanted).core, take_apart(offered).core) >= SAME_NAME
    return 0.8 if same else -0.2


def year_weight(wanted: int | None, release_date: str | None) -> float:
    """A later release is common; one years before the wanted recording was made is not."""
    if wanted is None or not release_date or not release_date[:4].isdecimal():
        return 0.0
    later = int(release_date[:4]) - wanted
    if later == 0:
        return 0.5
    return -1.5 if later < -1 else 0.0


def label_weight(wanted: Wanted, candidate: TrackCandidate) -> float:
    """An equal catalogue number or label speaks for a match; others say nothing."""
    if same_catalogue_number(wanted.catalogue_number, candidate.catalogue_number):
        return 1.5
    if not wanted.label or not candidate.label:
        return 0.0
    return 0.4 if similarity(wanted.label, candidate.label) >= SAME_NAME else 0.0


def _same_but_for_a_subtitle(asked: Title, offered: Title) -> bool:
    if bool(asked.subtitles) == bool(offered.subtitles):
        return False
    names = (asked.work, asked.core, *asked.subtitles), (offered.work, offered.core, *offered.subtitles)
    return any(_is_same_name(one, other) for one in names[0] for other in names[1])


def _is_misspelt(one: str, other: str) -> bool:
    """Whether the difference can be a mistake in writing: no word more or less, and no plural."""
    words = folded(one).split(), folded(other).split()
    if len(words[0]) != len(words[1]):
        return False
    return not any(
        first in (f"{second}s", f"{second}es") or second == f"{first}s"
        for first, second in zip(*words, strict=True)
    )


def _is_same_name(one: str, other: str) -> bool:
    return len(one) > 1 and sounding(without_article(one)) == sounding(without_article(other))

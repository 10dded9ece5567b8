"""How far the credits of two tracks name the same artists."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.services.metadata_enrichment.matching.normalisation import (
    are_comparable,
    folded,
    latin,
    similarity,
    without_article,
)
from backend.services.metadata_enrichment.matching.titles import split_artists

EQUAL = 0.97
"""From here on two names are the same one."""
GUESTS_DIFFER = 0.97
SHARED_GUEST = 0.95
MISSPELT = 0.94
"""At most this much for names that are not written the same way."""
_SHORT_NAME = 7
_OTHER_NAME = 0.7
_OTHER_SPACING = 0.86
_JOINING = frozenset({"and", "the", "of"})
_NUMBERED = re.compile(r"\s*\(\d+\)$")


@dataclass(frozen=True)
class ArtistAgreement:
    """`value` from 0 to 1; 1 when the credits name the same artists."""

    value: float
    is_comparable: bool = True
    """False when the names are in scripts that cannot be compared letter by letter."""


@lru_cache(maxsize=8192)
def name_similarity(one: str, other: str) -> float:
    """0 to 1 for two single names, or two joined credits as a whole."""
    plain = _plain(one), _plain(other)
    if plain[0] == plain[1]:
        return 1.0
    found = similarity(*plain)
    if found >= 1:
        return 1.0 if _is_spaced_alike(*plain) else _OTHER_SPACING
    if min(len(plain[0]), len(plain[1])) <= _SHORT_NAME:
        return min(found, _OTHER_NAME)  # one letter makes another artist: Air, Airs; Justice, Justine
    return SHARED_GUEST if _is_short_for(*plain) else min(found, MISSPELT)


def _is_spaced_alike(one: str, other: str) -> bool:
    """False for Justice and Just-Ice; AC/DC and R.E.M. are written with and without."""
    words = latin(one).split(), latin(other).split()
    return len(words[0]) == len(words[1]) or any(len(word) <= 2 for word in (*words[0], *words[1]))


def _is_short_for(one: str, other: str) -> bool:
    """Whether the words of one name are all in the other: Hall and Oates, Daryl Hall and John Oates."""
    words = set(one.split()) - _JOINING, set(other.split()) - _JOINING
    shorter, longer = sorted(words, key=len)
    return len(shorter) >= 2 and shorter <= longer


def agreement(
    sought: str, guests: Iterable[str], credited: Iterable[str], featured: Iterable[str]
) -> ArtistAgreement:
    """Compare what was asked for (`sought`, with the guests in its title) with a candidate's credits."""
    return _agreement(sought, tuple(guests), tuple(credited), tuple(featured))


@lru_cache(maxsize=8192)
def _agreement(
    sought: str, guests: tuple[str, ...], credited: tuple[str, ...], featured: tuple[str, ...]
) -> ArtistAgreement:
    names = (*credited, *featured)
    joined = " ".join(credited)
    if not guests and not featured and name_similarity(sought, joined) >= EQUAL:
        return ArtistAgreement(1.0)
    wanted, known = _single(sought, *guests), _single(*names)
    if len(wanted) == len(known) == 1:
        return ArtistAgreement(name_similarity(wanted[0], known[0]), are_comparable(sought, joined))
    whole = max((name_similarity(sought, name) for name in names), default=0.0)
    best = [max((name_similarity(one, other) for other in known), default=0.0) for one in wanted]
    value = _value(whole, best, _all_known(known, wanted, names))
    return ArtistAgreement(value, are_comparable(sought, joined))


def _value(whole: float, best: list[float], nobody_else: bool) -> float:
    main = max(whole, best[0]) if best else whole
    if best and min(best) >= EQUAL and nobody_else:
        return 1.0
    if main >= EQUAL:
        return 1.0 if whole >= EQUAL and nobody_else else GUESTS_DIFFER
    if best and max(best) >= EQUAL:
        return SHARED_GUEST
    return main


def _all_known(known: Sequence[str], wanted: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the candidate credits nobody who was not asked for."""
    if len(names) == 1 and len(wanted) == 1 and name_similarity(wanted[0], names[0]) >= EQUAL:
        return True
    return len(known) <= len(wanted) or all(
        max(name_similarity(one, other) for other in wanted) >= EQUAL for one in known
    )


def _single(*credits_: str) -> tuple[str, ...]:
    pieces = (piece for credit in credits_ for piece in split_artists(credit))
    return tuple(dict.fromkeys(pieces))


@lru_cache(maxsize=8192)
def _plain(name: str) -> str:
    """Without Discogs' number behind names that several artists have, the article, and a leading "DJ"."""
    return without_article(_NUMBERED.sub("", name)).removeprefix("dj ") or folded(name)

"""Texts in a form in which two spellings of the same name are equal. For comparison only, never stored."""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.fuzz import ratio

_APOSTROPHES = re.compile(r"['’‘`´ʼ]")
_SEPARATORS = re.compile(r"[^\w]+|_+")
_ARTICLE = re.compile(r"^the (?=.)")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Compatibility characters unified, lower case, `&` as "and", punctuation gone; the script is kept."""
    unified = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return _SEPARATORS.sub(" ", _APOSTROPHES.sub("", unified)).strip()


@lru_cache(maxsize=4096)
def latin(text: str) -> str:
    """As `folded`, and accents and other scripts written in plain Latin letters."""
    return folded(anyascii(unicodedata.normalize("NFKC", text)))


def similarity(one: str, other: str) -> float:
    """0 to 1; 1 when the names are equal but for case, accents, punctuation, spacing and script.

    Compared in their own script and transliterated, because transliteration alone gives Chinese readings to
    Japanese names.
    """
    return max(_ratio(folded(one), folded(other)), _ratio(latin(one), latin(other)))


def artist_similarity(one: str, other: str) -> float:
    """As `similarity`, a leading "the" apart."""
    stripped = (_ARTICLE.sub("", folded(one)), _ARTICLE.sub("", folded(other)))
    return max(similarity(one, other), similarity(*stripped))


def _ratio(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    return max(ratio(one, other), ratio(one.replace(" ", ""), other.replace(" ", ""))) / 100

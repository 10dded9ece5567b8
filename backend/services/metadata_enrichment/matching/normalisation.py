"""Texts in a form in which two spellings of the same name are equal. For comparison only, never stored."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from anyascii import anyascii
from rapidfuzz.fuzz import ratio

_APOSTROPHES = str.maketrans("", "", "'’‘`´ʼ")
_SEPARATORS = re.compile(r"[^\w]+|_+")
_PLUS = re.compile(r"(?<=\s)\+(?=\s)")
_SPELLED_I = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")
_INFLECTED = re.compile(r"(?<=\w\w)ing$")
_ARTICLE = re.compile(r"^(?:the|an?) (?=.)")
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
_NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    "twelve",
)
_COUNTED = frozenset({"part", "number", "volume", "op", "act", "chapter", "book", "movement", "suite"})
_WRITTEN_ALIKE = {
    **{word: str(number) for number, word in enumerate(_NUMBER_WORDS)},
    **{numeral: str(value) for value, numeral in enumerate(_ROMAN) if len(numeral) > 1 and numeral != "xi"},
    "twenty": "20",
    "thirty": "30",
    "pt": "part",
    "pts": "part",
    "parts": "part",
    "no": "number",
    "nr": "number",
    "vol": "volume",
    "opus": "op",
    "mister": "mr",
    "doctor": "dr",
    "saint": "st",
    "street": "st",
}
_SOUND_ALIKE = {
    "to": "2",
    "too": "2",
    "for": "4",
    "you": "u",
    "your": "ur",
    "are": "r",
    "and": "n",
    "thru": "through",
    "luv": "love",
    "tonite": "tonight",
    "nite": "night",
    "colour": "color",
}


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """Compatibility characters unified, lower case, `&` as "and", punctuation gone; the script is kept.

    A text of nothing but punctuation keeps it: there are tracks named "???" and artists named "!!!".
    """
    unified = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    spelled = unified.replace("&", " and ").replace("$", "s").translate(_APOSTROPHES)
    if "!" in spelled or "+" in spelled:
        spelled = _SPELLED_I.sub("i", _PLUS.sub("and", spelled))
    return _SEPARATORS.sub(" ", spelled).strip() or unified.strip()


@lru_cache(maxsize=8192)
def latin(text: str) -> str:
    """As `folded`, and accents and other scripts written in plain Latin letters."""
    return folded(text if text.isascii() else anyascii(unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=8192)
def sounding(text: str) -> str:
    """As `latin`, and numbers, abbreviations and words that sound alike written the same way.

    "Seven" and "7", "Pt. II" and "Part 2", "2 U" and "to You" become equal.
    """
    return " ".join(_SOUND_ALIKE.get(word, _INFLECTED.sub("in", word)) for word in _uncounted(text))


@lru_cache(maxsize=8192)
def numbers(text: str) -> tuple[str, ...]:
    """The numbers in a name, however they are written: they tell the parts of a work apart."""
    return tuple(word for word in _words(text) if word.isdecimal())


def _uncounted(text: str) -> tuple[str, ...]:
    """Without the word that counts in front of a number: "Oxygène IV" is "Oxygène, Pt. 4"."""
    words = _words(text)
    counts = (word in _COUNTED and following.isdecimal() for word, following in pairwise((*words, "")))
    return tuple(word for word, is_counting in zip(words, counts, strict=True) if not is_counting)


@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in latin(text).split():
        counted = bool(words) and words[-1] in _COUNTED and word in _ROMAN
        words.append(str(_ROMAN.index(word)) if counted else _WRITTEN_ALIKE.get(word, word))
    return tuple(words)


@lru_cache(maxsize=8192)
def similarity(one: str, other: str) -> float:
    """0 to 1; 1 when the names are equal but for case, accents, punctuation, spacing, script and sound.

    Compared in their own script and transliterated, because transliteration alone gives Chinese readings to
    Japanese names.
    """
    if folded(one) == folded(other):
        return 1.0
    sound = _ratio(sounding(one), sounding(other))
    if one.isascii() and other.isascii():
        return sound
    return max(sound, _ratio(folded(one), folded(other)))


@lru_cache(maxsize=8192)
def without_article(text: str) -> str:
    """The name without a leading "the" or "a", or a trailing ", the"."""
    plain = folded(text)
    return _ARTICLE.sub("", plain.removesuffix(" the") if text.casefold().endswith(", the") else plain)


def are_comparable(one: str, other: str) -> bool:
    """Whether two names are in scripts that can be compared letter by letter.

    Chinese, Japanese and Korean names have no transliteration that could be relied on.
    """
    return _is_east_asian(one) == _is_east_asian(other)


@lru_cache(maxsize=8192)
def _is_east_asian(text: str) -> bool:
    return any(character >= "\u2e80" and character.isalpha() for character in text)


def _ratio(one: str, other: str) -> float:
    spaced = ratio(one, other)
    if " " in one or " " in other:
        spaced = max(spaced, ratio(one.replace(" ", ""), other.replace(" ", "")))
    return spaced / 100

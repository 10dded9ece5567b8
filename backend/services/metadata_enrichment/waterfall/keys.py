"""Musical keys in one notation, and on the Camelot wheel that DJs mix by."""

import re

_KEY = re.compile(
    r"^\s*([A-Ga-g])\s*([#♯b♭]|(?i:[\s-]*(?:sharp|flat))|)[\s-]*((?i:major|minor|maj|min|dur|moll)|m|)\s*$"
)
_PLACE = re.compile(r"^\s*0?([1-9]|1[0-2])\s*([ABabdm])\s*$")
_MINOR = frozenset({"m", "min", "minor", "moll"})
_GERMAN = frozenset({"dur", "moll"})
_USUAL = {
    "Db": "C#",
    "D#": "Eb",
    "Gb": "F#",
    "G#": "Ab",
    "A#": "Bb",
    "Cb": "B",
    "Fb": "E",
    "E#": "F",
    "B#": "C",
}
"""Enharmonic spellings folded into the ones that are usual in electronic music."""
_MAJOR_WHEEL = ("B", "F#", "C#", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E")
_MINOR_WHEEL = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")


def canonical_key(text: str) -> str | None:
    """`F# minor` for "f♯m", "Gb min", "11A" (Camelot), "4m" (Open Key) and the like; none when it is no key.

    In German a B is a B flat, so "B dur" could be either and is none.
    """
    if place := _PLACE.match(text):
        return _at(int(place[1]), place[2])
    match = _KEY.match(text)
    if not match:
        return None
    letter, mode = match[1].upper(), match[3].lower()
    if mode in _GERMAN and letter == "B":
        return None
    tonic = letter + _accidental(match[2])
    return f"{_USUAL.get(tonic, tonic)} {'minor' if mode in _MINOR else 'major'}"


def camelot(key: str) -> str:
    """The Camelot code of a key in our notation: `8A` for A minor."""
    tonic, _, mode = key.partition(" ")
    wheel, letter = (_MINOR_WHEEL, "A") if mode == "minor" else (_MAJOR_WHEEL, "B")
    return f"{wheel.index(tonic) + 1}{letter}"


def _accidental(written: str) -> str:
    plain = written.strip(" -").lower()
    if not plain:
        return ""
    return "#" if plain in {"#", "♯", "sharp"} else "b"


def _at(number: int, letter: str) -> str:
    """The key at a place of the Camelot wheel (A, B), or of the Open Key wheel (m, d), which begins at C."""
    if letter in "md":
        number = (number + 6) % 12 + 1
    minor = letter in "Aam"
    return f"{(_MINOR_WHEEL if minor else _MAJOR_WHEEL)[number - 1]} {'minor' if minor else 'major'}"

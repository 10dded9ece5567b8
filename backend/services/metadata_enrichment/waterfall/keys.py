"""Musical keys in one notation, and on the Camelot wheel that DJs mix by."""

import re

_KEY = re.compile(r"^\s*([A-Ga-g])\s*([#♯b♭]?)\s*((?i:major|minor|maj|min)|m|)\s*$")
_SHARPS = {
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
    """`F# minor` for "f♯m", "Gb min" and the like; none when it is no key."""
    match = _KEY.match(text)
    if not match:
        return None
    tonic = match[1].upper() + match[2].replace("♯", "#").replace("♭", "b")
    mode = "minor" if match[3].lower() in {"minor", "min", "m"} else "major"
    return f"{_SHARPS.get(tonic, tonic)} {mode}"


def camelot(key: str) -> str:
    """The Camelot code of a key in our notation: `8A` for A minor."""
    tonic, _, mode = key.partition(" ")
    wheel, letter = (_MINOR_WHEEL, "A") if mode == "minor" else (_MAJOR_WHEEL, "B")
    return f"{wheel.index(tonic) + 1}{letter}"

"""What differs between two payloads, piece by piece and to the byte.

Lines would not do: most payloads are one line. So a text is cut after each comma, bracket and line end, and
what cannot be seen is written as a sign, so that two pieces that differ never look the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from re import compile as regular

from controllers.wording import plural

_PIECES = regular(r"[^,{\[\n]*[,{\[]?[^\S\n]*\n|[^,{\[\n]*[,{\[]|[^,{\[\n]+")
_MOST = 400
"""Pieces that are compared one with another; what differs in more is shown as one whole."""
_AROUND = 3
_SIGNS = str.maketrans({"\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽", "\ufeff": "␂", "\0": "␀"})


class Side(StrEnum):
    """On which side a piece stands."""

    BOTH = " "
    BEFORE = "-"
    AFTER = "+"
    LEFT_OUT = "…"


@dataclass(frozen=True)
class DiffLine:
    """A piece and where it stands."""

    side: Side
    text: str


def differences(before: str, after: str) -> list[DiffLine]:
    """Pieces that differ with three around them; empty when nothing differs."""
    if before == after:
        return []
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    middle = _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    lines = [*_both(old[:head]), *middle, *_both(old[len(old) - tail :])]
    return list(_shortened(lines))


def _common(old: list[str], new: list[str]) -> int:
    """How many pieces are the same from the start."""
    return next(
        (place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )


def _middle(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    if max(len(old), len(new)) > _MOST:
        yield from _marked(Side.BEFORE, old)
        yield from _marked(Side.AFTER, new)
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _both(old[a:b])
        else:
            yield from _marked(Side.BEFORE, old[a:b])
            yield from _marked(Side.AFTER, new[c:d])


def _both(pieces: list[str]) -> list[DiffLine]:
    return [DiffLine(Side.BOTH, piece.rstrip("\n")) for piece in pieces]


def _marked(side: Side, pieces: list[str]) -> list[DiffLine]:
    return [DiffLine(side, piece.translate(_SIGNS)) for piece in pieces]


def _shortened(lines: list[DiffLine]) -> Iterator[DiffLine]:
    """Without what lies far from any difference."""
    near: set[int] = set()
    for place, line in enumerate(lines):
        if line.side is not Side.BOTH:
            near.update(range(place - _AROUND, place + _AROUND + 1))
    skipped = 0
    for place, line in enumerate(lines):
        if place not in near:
            skipped += 1
            continue
        if skipped:
            yield DiffLine(Side.LEFT_OUT, _same(skipped))
            skipped = 0
        yield line
    if skipped:
        yield DiffLine(Side.LEFT_OUT, _same(skipped))


def _same(number: int) -> str:
    return f"{plural(number, 'part')} unchanged"

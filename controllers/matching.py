"""Finding a command by a few of its letters."""

_WHOLE_WORD = 50
_WORD_START, _IN_A_ROW, _SOMEWHERE = 8, 6, 1


def score(wanted: str, text: str) -> int | None:
    """How well `wanted` matches `text` as a subsequence; None when it does not. Higher is better.

    A word that stands in the text as it was typed counts most, then letters that begin words, then
    letters in a row.
    """
    text = text.lower()
    words = wanted.lower().split()
    total = sum(_WHOLE_WORD for word in words if word in text)
    place, before = 0, -2
    for letter in "".join(words):
        found = text.find(letter, place)
        if found < 0:
            return total if total == _WHOLE_WORD * len(words) else None
        total += _worth(text, found, before)
        before, place = found, found + 1
    return total


def ranked(wanted: str, texts: dict[str, str]) -> list[str]:
    """Keys of `texts` that match, best first; all of them in their order when nothing is wanted."""
    if not wanted.strip():
        return list(texts)
    scores = {key: found for key, text in texts.items() if (found := score(wanted, text)) is not None}
    return sorted(scores, key=lambda key: -scores[key])


def _worth(text: str, found: int, before: int) -> int:
    if found == 0 or not text[found - 1].isalnum():
        return _WORD_START
    return _IN_A_ROW if found == before + 1 else _SOMEWHERE

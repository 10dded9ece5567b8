"""Finding a command by a few of its letters."""


def score(wanted: str, text: str) -> int | None:
    """How well `wanted` matches `text` as a subsequence; None when it does not. Higher is better.

    Letters at the beginning of words and letters in a row count more.
    """
    wanted, text = wanted.lower().replace(" ", ""), text.lower()
    total, place, before = 0, 0, -2
    for letter in wanted:
        found = text.find(letter, place)
        if found < 0:
            return None
        starts_word = found == 0 or not text[found - 1].isalnum()
        total += 10 if starts_word else 5 if found == before + 1 else 1
        before, place = found, found + 1
    return total - len(text) // 20


def ranked(wanted: str, texts: dict[str, str]) -> list[str]:
    """Keys of `texts` that match, best first; all of them in their order when nothing is wanted."""
    if not wanted.strip():
        return list(texts)
    scores = {key: found for key, text in texts.items() if (found := score(wanted, text)) is not None}
    return sorted(scores, key=lambda key: -scores[key])

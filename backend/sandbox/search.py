"""Searching the catalogue by words: accents and case do not matter, word order only in phrases."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Words = tuple[str, ...]
Fields = dict[str, Words]

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def words_of(text: str) -> Words:
    """The words of a text, without accents, case and punctuation; apostrophes join (`don't` is one word)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    return tuple(_WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c))))


def contains_phrase(words: Words, phrase: Words) -> bool:
    """Whether `phrase` stands in `words` in one piece."""
    size = len(phrase)
    return any(words[start : start + size] == phrase for start in range(len(words) - size + 1))


@dataclass(frozen=True)
class Clause:
    """One condition of a query. `field` none: in any field. Without `phrase` the order does not matter."""

    field: str | None
    words: Words
    phrase: bool = False

    def fits(self, fields: Fields) -> bool:
        """Whether a document fulfils this condition. A clause without words is fulfilled by nothing."""
        if not self.words:
            return False
        if self.field is not None:
            return self._fits_one(fields.get(self.field, ()))
        everything = [word for words in fields.values() for word in words]
        return self._fits_one(tuple(everything))

    def closeness(self, fields: Fields) -> float:
        """1 when the field holds these words and no others, less the more others it holds."""
        if self.field is None:
            return 0.5
        return len(set(self.words)) / max(len(set(fields.get(self.field, ()))), len(set(self.words)), 1)

    def _fits_one(self, words: Words) -> bool:
        if self.phrase:
            return contains_phrase(words, self.words)
        return set(self.words) <= set(words)


@dataclass(frozen=True)
class Hit(Generic[Item]):
    """A document that fulfils a query, with the score it is ranked by (0 to 1)."""

    item: Item
    score: float


class Index(Generic[Item]):
    """Documents and their fields. Small enough (hundreds) that a scan beats any structure."""

    def __init__(self, items: Iterable[Item], fields_of: Callable[[Item], dict[str, str]]) -> None:
        self._documents = [
            (item, {name: words_of(text) for name, text in fields_of(item).items()}) for item in items
        ]

    def search(
        self, clauses: Sequence[Clause], popularity: Callable[[Item], float] | None = None
    ) -> list[Hit[Item]]:
        """Documents that fulfil every clause, best first.

        The score is how close the fields are to the words asked for; `popularity` (0 to 1) weighs a third.
        """
        hits = []
        for item, fields in self._documents:
            if clauses and all(clause.fits(fields) for clause in clauses):
                closeness = sum(clause.closeness(fields) for clause in clauses) / len(clauses)
                weight = closeness if popularity is None else (2 * closeness + popularity(item)) / 3
                hits.append(Hit(item, weight))
        return sorted(hits, key=lambda hit: hit.score, reverse=True)

"""The query languages of the providers, as far as searching for a track needs them."""

import re

from backend.sandbox.search import Clause, words_of

_FILTER = re.compile(r'\b(?P<field>[a-z]+):\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^"]+?)(?=\s+[a-z]+:|\s*$))')
_LUCENE = re.compile(
    r'(?:(?P<field>\w+):)?(?:"(?P<phrase>(?:\\.|[^"\\])*)"|\((?P<group>(?:\\.|[^)\\])*)\)|(?P<word>(?:\\.|[^\s()"\\])+))'
)
_ESCAPED = re.compile(r"\\(.)")


def parse_filters(query: str, known: frozenset[str], *, phrases: bool) -> list[Clause]:
    """`artist:"deadmau5" track:strobe club`: field filters, and free words for what is left.

    Spotify and Deezer share this form. Fields that are not `known` are read as free words.
    """
    clauses: list[Clause] = []

    def take(match: re.Match[str]) -> str:
        if match["field"] not in known:
            return match.group(0)
        text = match["bare"] if match["quoted"] is None else match["quoted"]
        clauses.append(Clause(match["field"], words_of(text), phrase=phrases))
        return " "

    rest = words_of(_FILTER.sub(take, query))
    return [*clauses, Clause(None, rest)] if rest else clauses


def parse_lucene(query: str, default_field: str) -> list[Clause]:
    """MusicBrainz's search language: `field:"phrase"`, `field:(words)`, `field:word`, joined by AND.

    OR and NOT are not understood and raise ValueError, as a query that is malformed does.
    """
    clauses = []
    for match in _LUCENE.finditer(query):
        word = match["word"]
        if word == "AND":
            continue
        if word in {"OR", "NOT"}:
            raise ValueError(f"{word} is not supported by the simulator")
        text = next(part for part in (match["phrase"], match["group"], word) if part is not None)
        clauses.append(_lucene_clause(match["field"] or default_field, text, match["phrase"] is not None))
    if not clauses:
        raise ValueError("the query is empty")
    return clauses


def _lucene_clause(field: str, text: str, phrase: bool) -> Clause:
    return Clause(field, words_of(_ESCAPED.sub(r"\1", text)), phrase=phrase)

"""The query languages, and searching with them."""

import pytest

from backend.sandbox.queries import parse_filters, parse_lucene
from backend.sandbox.search import Clause, Index, words_of

FIELDS = frozenset({"artist", "track"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Étienne de Crécy", ("etienne", "de", "crecy")),
        ("Don't Stop 'Til", ("dont", "stop", "til")),
        ("坂本龍一", ("坂本龍一",)),
        ("AC/DC & Guns-N-Roses", ("ac", "dc", "guns", "n", "roses")),
        ("§$%", ()),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ('track:"One More Time" artist:"Daft Punk"', {"track": "one more time", "artist": "daft punk"}),
        ("track:Strobe artist:deadmau5", {"track": "strobe", "artist": "deadmau5"}),
        ("track:One More Time artist:Daft Punk", {"track": "one more time", "artist": "daft punk"}),
        ('artist:"deadmau5" strobe', {"artist": "deadmau5", None: "strobe"}),
        ("deadmau5 strobe", {None: "deadmau5 strobe"}),
        ("genre:house strobe", {None: "genre house strobe"}),
        ("", {}),
    ],
)
def test_field_filters(query: str, clauses: dict[str | None, str]) -> None:
    parsed = parse_filters(query, FIELDS, phrases=False)
    assert {clause.field: " ".join(clause.words) for clause in parsed} == clauses


def test_lucene_phrases_groups_words_and_escapes() -> None:
    parsed = parse_lucene(r'recording:"a \"b\" \(c" AND artist:(d e) AND f', "recording")
    assert parsed == [
        Clause("recording", ("a", "b", "c"), phrase=True),
        Clause("artist", ("d", "e")),
        Clause("recording", ("f",)),
    ]


@pytest.mark.parametrize("query", ["", "   ", "a OR b", "NOT a"])
def test_lucene_that_is_not_understood(query: str) -> None:
    with pytest.raises(ValueError, match=r"empty|not supported"):
        parse_lucene(query, "recording")


def test_every_clause_has_to_fit_and_the_closest_comes_first() -> None:
    titles = ["Strobe", "Strobe (Radio Edit)", "Light Strobe Light", "Other"]
    index = Index(titles, lambda title: {"track": title, "artist": "deadmau5"})
    hits = index.search([Clause("track", ("strobe",)), Clause("artist", ("deadmau5",))])
    assert [hit.item for hit in hits] == ["Strobe", "Light Strobe Light", "Strobe (Radio Edit)"]
    assert index.search([Clause("track", ("strobe",)), Clause("artist", ("somebody",))]) == []
    assert index.search([Clause("track", ("edit", "radio"), phrase=True)]) == []
    assert index.search([Clause("track", ())]) == []
    assert index.search([]) == []


def test_popularity_decides_between_equals() -> None:
    index = Index([("Strobe", 0.1), ("Strobe", 0.9)], lambda item: {"track": item[0]})
    hits = index.search([Clause("track", ("strobe",))], lambda item: item[1])
    assert [hit.item[1] for hit in hits] == [0.9, 0.1]

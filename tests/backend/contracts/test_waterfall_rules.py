"""What may be put in force, and that the rules know the same fields as the service."""

import pytest

from backend.contracts.gateway import TrackCandidate
from backend.contracts.waterfall import WaterfallField, WaterfallStep
from backend.contracts.waterfall_rules import FIELDS, PROVIDERS, WITHOUT_SOURCE, problems, warnings
from backend.database.address import DatabaseAddress
from backend.services.metadata_enrichment.waterfall.fields import is_known, values_of


def step(provider: str, *, enabled: bool = True, least: float = 0.6) -> WaterfallStep:
    return WaterfallStep(provider=provider, enabled=enabled, min_confidence=least, reliability=0.9)


def field(name: str, *steps: WaterfallStep, required: bool = False) -> WaterfallField:
    return WaterfallField(field=name, required_for_gold=required, sources=list(steps))


BPM = field("bpm", step("deezer"))


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ([BPM, field("mood", step("deezer"))], ("mood", None), "no field mood"),
        ([BPM, field("x" * 500, step("deezer"))], ("x" * 60 + "…", None), "no field"),
        ([field("bpm", step("deezer"), step("tidal"))], ("bpm", "tidal"), "no provider tidal"),
        ([field("bpm", step("deezer"), step(""))], ("bpm", "''"), "no provider ''"),
        ([field("bpm", step("deezer"), step("deezer"))], ("bpm", "deezer"), "2 times"),
        ([BPM, BPM], ("bpm", None), "twice"),
        ([BPM, field("isrc", step("spotify", enabled=False), required=True)], ("isrc", None), "complete"),
        ([BPM, field("isrc", required=True)], ("isrc", None), "complete"),
        ([field("bpm", step("deezer", enabled=False)), field("label")], ("", None), "No source of any field"),
    ],
)
def test_what_cannot_be_applied_is_said_with_its_place(
    fields: list[WaterfallField], place: tuple[str, str | None], words: str
) -> None:
    (found,) = problems(fields)
    assert (found.field, found.provider) == place
    assert words in found.problem


def test_every_problem_is_told_at_once() -> None:
    fields = [field("mood", step("tidal")), field("isrc", required=True), field("bpm", step("lastfm"))]
    assert [(one.field, one.provider) for one in problems(fields)] == [
        ("mood", None),
        ("mood", "tidal"),
        ("isrc", None),
    ]


def test_what_is_probably_not_meant_can_be_applied() -> None:
    fields = [
        field("bpm", step("deezer", enabled=False)),
        field("label", step("discogs", least=0.95), step("musicbrainz", enabled=False, least=0.95)),
        field("deezer_id", step("deezer"), step("spotify")),
        field("energy", step("spotify")),
    ]
    assert problems(fields) == []
    found = warnings(fields)
    assert [(one.field, one.provider) for one in found] == [
        ("bpm", None),
        ("label", "discogs"),
        ("deezer_id", "spotify"),
        ("energy", None),
    ]
    assert "0.95 is above its reliability 0.90" in found[1].problem
    assert warnings([BPM]) == []


def test_the_service_can_fill_every_field_that_the_rules_allow() -> None:
    candidate = TrackCandidate(
        provider="deezer",
        provider_id="1",
        title="Strobe",
        artists=["deadmau5"],
        album="For Lack of a Better Name",
        label="mau5trap",
        isrc="GBTDG0900141",
        release_date="2009-09-22",
        duration_ms=637_000,
        bpm=128,
        key="B minor",
        genres=["Progressive House"],
        explicit=False,
        popularity=0.5,
        artwork_url="https://example.org/1.jpg",
    )
    assert [name for name in FIELDS if not is_known(name)] == []
    identifiers = {f"{name}_id" for name in PROVIDERS}
    found = values_of(candidate)
    assert found.invalid == {}
    assert {*found.valid, *WITHOUT_SOURCE} | identifiers == set(FIELDS)
    assert found.valid["deezer_id"] == "1"


def test_the_first_configuration_keeps_the_rules(musicdb: DatabaseAddress) -> None:
    with musicdb.connect() as connection:
        rows = connection.execute("SELECT field, provider FROM waterfall_api_configuration").fetchall()
    assert rows
    assert {name for name, _ in rows} <= set(FIELDS)
    assert {provider for _, provider in rows} <= set(PROVIDERS)

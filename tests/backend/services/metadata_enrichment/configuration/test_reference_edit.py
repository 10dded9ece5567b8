"""The reference's four places on an order of any length."""

import pytest

from backend.contracts.waterfall import WaterfallField, WaterfallStep
from backend.services.metadata_enrichment.configuration.reference_edit import EditError, FieldEdit, edited


def field(*providers: str) -> WaterfallField:
    steps = [
        WaterfallStep(provider=name, enabled=True, min_confidence=0.5 + place / 100, reliability=0.9)
        for place, name in enumerate(providers, start=1)
    ]
    return WaterfallField(field="label", required_for_gold=False, sources=steps)


SIX = field("discogs", "musicbrainz", "spotify", "deezer", "itunes", "lastfm")


def order(of: WaterfallField) -> list[str]:
    return [step.provider for step in of.sources]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"priority_2_provider": "beatport"},
            ["discogs", "beatport", "spotify", "deezer", "itunes", "lastfm"],
        ),
        (
            {"priority_1_provider": "musicbrainz", "priority_2_provider": "discogs"},
            ["musicbrainz", "discogs", "spotify", "deezer", "itunes", "lastfm"],
        ),
        ({"priority_1_provider": "spotify"}, ["spotify", "musicbrainz", "deezer", "itunes", "lastfm"]),
        ({"priority_4_provider": "lastfm"}, ["discogs", "musicbrainz", "spotify", "lastfm", "itunes"]),
        ({"priority_3_provider": ""}, ["discogs", "musicbrainz", "deezer", "itunes", "lastfm"]),
        ({"enabled": False}, order(SIX)),
    ],
)
def test_a_named_source_takes_its_place_and_the_tail_stays(
    given: dict[str, object], expected: list[str]
) -> None:
    assert order(edited(SIX, FieldEdit.model_validate(given))) == expected


def test_a_source_keeps_its_settings_where_it_goes_and_a_new_one_has_the_threshold_of_its_place() -> None:
    edit = FieldEdit(priority_1_provider="spotify", priority_2_provider="beatport", priority_4_confidence=0.2)
    after = {step.provider: step for step in edited(SIX, edit).sources}
    assert (after["spotify"].min_confidence, after["spotify"].reliability) == (0.53, 0.9)
    assert (after["beatport"].min_confidence, after["beatport"].reliability) == (0.52, 1.0)
    assert after["deezer"].min_confidence == 0.2
    assert after["itunes"] == SIX.sources[4]


def test_a_short_order_gets_longer_and_the_places_close_up() -> None:
    edit = FieldEdit(priority_4_provider="deezer", priority_4_confidence=0.7)
    after = edited(field("discogs"), edit)
    assert [(step.provider, step.min_confidence) for step in after.sources] == [
        ("discogs", 0.51),
        ("deezer", 0.7),
    ]


def test_the_switch_turns_every_source() -> None:
    off = edited(SIX, FieldEdit(enabled=False))
    assert [step.enabled for step in off.sources] == [False] * 6
    assert [step.enabled for step in edited(off, FieldEdit(enabled=True)).sources] == [True] * 6


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"priority_2_provider": "deezer"}, "priority_2_confidence is needed"),
        ({"priority_2_confidence": 0.5}, "no source at place 2"),
        ({"priority_1_provider": "", "priority_1_confidence": 0.5}, "no source at place 1"),
    ],
)
def test_what_says_too_little_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(EditError, match=words):
        edited(field("discogs"), FieldEdit.model_validate(given))

"""The difference between two waterfalls names what somebody did, and nothing that only follows from it."""

import pytest

from backend.contracts.waterfall import OnDisagreement, WaterfallField, WaterfallStep, WhenUnavailable
from backend.contracts.waterfall_diff import ChangeKind, FieldDiff, diff

NAMES = ("musicbrainz", "spotify", "deezer", "discogs")


def field(*providers: str, name: str = "album") -> WaterfallField:
    steps = [WaterfallStep(provider=one, enabled=True, min_confidence=0.6) for one in providers]
    return WaterfallField(field=name, required_for_gold=False, sources=steps)


def moves(before: tuple[str, ...], after: tuple[str, ...]) -> list[tuple[str | None, object, object]]:
    (found,) = diff([field(*before)], [field(*after)])
    assert {edit.kind for edit in found.edits} == {ChangeKind.MOVED}
    return [(edit.provider, edit.before, edit.after) for edit in found.edits]


def test_the_same_is_no_difference_and_the_order_of_fields_means_nothing() -> None:
    one, other = field("deezer", name="bpm"), field("discogs", name="label")
    assert diff([one, other], [other, one]) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (("discogs", "musicbrainz", "spotify", "deezer"), [("discogs", 4, 1)]),
        (("spotify", "deezer", "discogs", "musicbrainz"), [("musicbrainz", 1, 4)]),
        (("musicbrainz", "deezer", "spotify", "discogs"), [("deezer", 3, 2)]),
        (("spotify", "musicbrainz", "discogs", "deezer"), [("spotify", 2, 1), ("discogs", 4, 3)]),
    ],
)
def test_what_was_dragged_is_named_and_not_what_made_room(
    after: tuple[str, ...], expected: list[tuple[str, int, int]]
) -> None:
    assert moves(NAMES, after) == expected


def test_a_source_that_keeps_its_place_has_not_moved() -> None:
    order = ("musicbrainz", "spotify", "deezer")
    assert moves(order, order[::-1]) == [("deezer", 3, 1), ("musicbrainz", 1, 3)]


def test_a_source_added_at_the_top_moves_no_other_one() -> None:
    new = field("discogs", "musicbrainz", "spotify")
    new.sources[0].enabled = False
    (found,) = diff([field("musicbrainz", "spotify")], [new])
    assert [edit.kind for edit in found.edits] == [
        ChangeKind.SOURCE_ADDED,
        ChangeKind.SWITCHED,
        ChangeKind.THRESHOLD,
        ChangeKind.RELIABILITY,
    ]
    assert found.sentence() == (
        "album: Discogs added at place 1; Discogs switched off; threshold of Discogs 0.60; "
        "reliability of Discogs 1.00"
    )


def test_a_removed_source_is_named_by_the_place_it_had() -> None:
    (found,) = diff([field("musicbrainz", "spotify", "deezer")], [field("musicbrainz", "deezer")])
    assert found.sentence() == "album: Spotify removed from place 2"


def test_fields_come_and_go_with_their_sources() -> None:
    gone, fresh = field("deezer", name="bpm"), field(name="label")
    assert [found.sentence() for found in diff([gone], [fresh])] == [
        "bpm: field removed (was from Deezer)",
        "label: new field from no enabled source",
    ]


def test_settings_and_policies_are_said_in_words() -> None:
    old, new = field("deezer", "discogs"), field("deezer", "discogs")
    new.required_for_gold, new.keep_days = True, 90
    new.when_unavailable, new.on_disagreement = WhenUnavailable.WAIT, OnDisagreement.MAJORITY
    new.sources[0].enabled = False
    new.sources[1].min_confidence, new.sources[1].reliability = 0.755, 0.9
    (found,) = diff([old], [new])
    assert [edit.sentence() for edit in found.edits] == [
        "now required for Gold",
        "a source that cannot be asked is waited for",
        "the majority of sources decides",
        "values are sought again after 90 days (before: kept for ever)",
        "Deezer switched off",
        "threshold of Discogs from 0.60 to 0.755",
        "reliability of Discogs from 1.00 to 0.90",
    ]
    (back,) = diff([new], [old])
    assert [edit.sentence() for edit in back.edits][:5] == [
        "no longer required for Gold",
        "a source that cannot be asked is skipped",
        "the first source above its threshold decides",
        "values are kept for ever (before: sought again after 90 days)",
        "Deezer switched on",
    ]


def test_every_kind_of_change_survives_the_wire() -> None:
    old, new = field("deezer", "discogs"), field("discogs", "deezer", "spotify")
    new.required_for_gold, new.keep_days = True, 1
    new.sources[0].min_confidence = 1.0
    (found,) = diff([old], [new])
    assert FieldDiff.model_validate_json(found.model_dump_json()) == found

"""What can be done to a draft, and taking it back."""

from datetime import UTC, datetime

from backend.contracts.waterfall import WaterfallConfiguration
from controllers import waterfall_edits as edits
from controllers.waterfall_edits import Draft, untouched
from controllers.waterfall_undo import MOST, Revision, UndoHistory
from tests.gui.sample.waterfall import sample_fields

BASE = WaterfallConfiguration(
    version=7, activated_at=datetime(2026, 11, 20, tzinfo=UTC), fields=sample_fields()
)


def order(draft: Draft, field: str) -> list[str]:
    found = draft.field(field)
    assert found is not None
    return [step.provider for step in found.sources]


def moved(draft: Draft, place: int, target: int, field: str = "label") -> Draft:
    found = draft.field(field)
    assert found is not None
    return draft.with_field(edits.moved(found, place, target))


def test_a_draft_names_what_differs() -> None:
    draft = untouched(BASE)
    assert draft.changed == ()
    changed = moved(moved(draft, 0, 4), 0, 1, "isrc")
    assert changed.changed == ("label", "isrc")
    assert draft.changed == (), "a draft never changes; there is another one"
    assert moved(changed, 4, 0).changed == ("isrc",), "put back is not changed"


def test_fields_that_appear_or_vanish_count_as_changed() -> None:
    fewer = Draft(BASE, tuple(BASE.fields[1:]))
    assert fewer.changed == ("genres",)
    assert edits.changed_fields(fewer.fields, BASE.fields) == ("genres",)


def test_a_move_counts_places_as_they_are_seen() -> None:
    draft = untouched(BASE)
    assert order(moved(draft, 0, 2), "label") == ["discogs", "musicbrainz", "beatport", "spotify", "lastfm"]
    assert order(moved(draft, 4, 0), "label") == ["lastfm", "beatport", "discogs", "musicbrainz", "spotify"]


def test_a_source_that_is_added_is_as_reliable_as_elsewhere() -> None:
    changed = edits.with_source(untouched(BASE), "label", "deezer")
    assert changed is not None
    step = changed.sources[-1]
    assert (step.provider, step.enabled, step.min_confidence, step.reliability) == ("deezer", True, 0.7, 0.9)


def test_copying_an_order_adds_and_removes_nothing() -> None:
    draft = moved(untouched(BASE), 2, 0)
    copied = edits.with_order_of(draft, "label", ["genres", "release_date"])
    assert order(copied, "genres") == ["musicbrainz", "discogs", "lastfm"]
    assert order(copied, "release_date") == ["musicbrainz", "discogs", "spotify", "deezer"]
    assert order(copied, "isrc") == order(draft, "isrc")


def test_undo_walks_back_and_forth() -> None:
    history = UndoHistory(untouched(BASE))
    first, second = moved(history.draft, 0, 1), moved(history.draft, 0, 2)
    history.push(Revision("one", first))
    history.push(Revision("two", second))
    assert (history.undo_label, history.redo_label) == ("two", "")
    history.undo()
    assert (history.draft, history.undo_label, history.redo_label) == (first, "one", "two")
    history.redo()
    assert history.draft == second
    history.undo()
    history.push(Revision("three", moved(first, 0, 3)))
    assert history.redo_label == "", "what was undone cannot come back after something new"


def test_a_slide_is_one_step() -> None:
    history = UndoHistory(untouched(BASE))
    for target in (1, 2, 3):
        history.push(Revision("slide", moved(untouched(BASE), 0, target), key="threshold"))
    history.push(Revision("other", moved(untouched(BASE), 0, 4), key="another"))
    history.undo()
    assert history.draft == moved(untouched(BASE), 0, 3)
    history.undo()
    assert history.draft == untouched(BASE)
    assert history.undo() is None


def test_only_so_much_is_remembered() -> None:
    history = UndoHistory(untouched(BASE))
    for number in range(MOST + 50):
        history.push(Revision(str(number), moved(untouched(BASE), 0, 1 + number % 4)))
    steps = 0
    while history.undo() is not None:
        steps += 1
    assert steps == MOST - 1

"""Two operators over one waterfall: nobody's work is overwritten, and nobody's is lost."""

import pytest
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import WaterfallChange, WaterfallConfiguration
from controllers.waterfall_rebase import Choice, Rebase
from tests.controllers.waterfall_desk import Desk
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.stack import STAGING
from tests.gui.sample.waterfall import SampleWaterfall

FIRST = ["beatport", "discogs", "musicbrainz", "spotify", "lastfm"]


@pytest.fixture
def waterfall(clock: StoppedClock, qtbot: QtBot) -> SampleWaterfall:
    return SampleWaterfall(clock)


@pytest.fixture
def mine(waterfall: SampleWaterfall, clock: StoppedClock) -> Desk:
    return Desk(waterfall, clock)


def theirs(desk: Desk, *fields: str) -> None:
    """Another operator turns the order of some fields round and puts that in force."""
    changed = [
        field.model_copy(update={"sources": list(reversed(field.sources))})
        if field.field in fields
        else field
        for field in desk.waterfall.history[-1].fields
    ]
    desk.waterfall.add_version(changed, "lea@desk-2", "Their reason")


def test_without_changes_a_newer_version_is_followed(mine: Desk) -> None:
    theirs(mine, "label")
    mine.controller.feed.look()
    assert mine.draft.base.version == 8
    assert mine.controller.standing.conflict is None
    assert mine.order() == list(reversed(FIRST))
    assert mine.told == ["Version 8 by lea@desk-2 is in force now."]


def test_a_newer_version_is_noticed_while_editing(mine: Desk) -> None:
    mine.controller.editor.move(0, 1)
    theirs(mine, "bpm")
    mine.controller.feed.look()
    conflict = mine.controller.standing.conflict
    assert conflict is not None
    assert (conflict.their_changes, conflict.mine_alone, conflict.contested) == (("bpm",), ("label",), ())
    assert mine.draft.base.version == 7, "the draft stays as it is until somebody decides"


def test_applying_second_is_refused_and_shown(mine: Desk) -> None:
    mine.controller.editor.move(0, 1)
    theirs(mine, "label")
    mine.controller.applying.apply(mine.draft, "My reason")
    assert mine.waterfall.history[-1].author == "lea@desk-2", "nothing was overwritten"
    assert mine.controller.standing.conflict is not None
    assert mine.controller.standing.conflict.contested == ("label",)


def test_my_changes_are_laid_on_top_field_by_field(mine: Desk) -> None:
    editor = mine.controller.editor
    editor.move(0, 1)
    editor.select("isrc")
    editor.move(0, 1)
    theirs(mine, "label", "bpm")
    mine.controller.feed.look()
    mine.controller.standing.keep_mine({})
    assert mine.controller.standing.conflict is not None, "what both changed has to be decided"
    mine.controller.standing.keep_mine({"label": Choice.MINE})
    assert mine.controller.standing.conflict is None
    assert mine.draft.base.version == 8
    assert mine.draft.changed == ("label", "isrc")
    assert mine.order()[:2] == ["discogs", "beatport"]
    assert mine.order("bpm") == ["deezer", "spotify", "beatport"], "theirs is in it"
    mine.controller.applying.apply(mine.draft, "Both")
    assert mine.waterfall.history[-1].version == 9


def test_theirs_is_taken_where_it_is_chosen(mine: Desk) -> None:
    mine.controller.editor.move(0, 1)
    mine.controller.editor.select("isrc")
    mine.controller.editor.move(0, 1)
    theirs(mine, "label")
    mine.controller.feed.look()
    mine.controller.standing.keep_mine({"label": Choice.THEIRS})
    assert mine.order() == list(reversed(FIRST))
    assert mine.draft.changed == ("isrc",)


def test_taking_theirs_can_be_undone(mine: Desk) -> None:
    mine.controller.editor.move(0, 1)
    before = mine.draft
    theirs(mine, "label")
    mine.controller.feed.look()
    mine.controller.standing.take_theirs()
    assert mine.controller.standing.conflict is None
    assert mine.draft.changed == ()
    mine.controller.editor.undo()
    assert mine.draft == before
    assert mine.controller.standing.conflict is not None, "and so is the question"


class LookedAtMeanwhile(SampleWaterfall):
    """A look at what is in force comes back before the answer to the change that made it."""

    desk: Desk
    seen: Rebase | None = None
    was_busy = False

    def apply(self, environment: str, change: WaterfallChange) -> WaterfallConfiguration:
        made = super().apply(environment, change)
        self.desk.controller.feed.look()
        self.seen, self.was_busy = self.desk.controller.standing.conflict, self.desk.controller.applying.busy
        return made


def test_a_version_of_ones_own_on_its_way_is_no_conflict(clock: StoppedClock, qtbot: QtBot) -> None:
    waterfall = LookedAtMeanwhile(clock)
    waterfall.desk = Desk(waterfall, clock)
    waterfall.desk.controller.editor.move(0, 1)
    waterfall.desk.controller.applying.apply(waterfall.desk.draft, "Mine")
    assert waterfall.was_busy
    assert waterfall.seen is None
    assert waterfall.desk.draft.base.version == 8


def test_the_same_change_is_no_contest(mine: Desk) -> None:
    mine.controller.editor.select("bpm")
    mine.controller.editor.move(0, 2)
    mine.controller.editor.move(0, 1)
    theirs(mine, "bpm")
    mine.controller.feed.look()
    conflict = mine.controller.standing.conflict
    assert conflict is not None
    assert conflict.contested == ()


def test_a_field_they_removed_is_not_brought_back_unless_it_is_mine(mine: Desk) -> None:
    mine.controller.editor.move(0, 1)
    left = [field for field in mine.waterfall.history[-1].fields if field.field not in ("label", "bpm")]
    mine.waterfall.add_version(left, "lea@desk-2", "Fewer")
    mine.controller.feed.look()
    mine.controller.standing.keep_mine({"label": Choice.MINE})
    names = [field.field for field in mine.draft.fields]
    assert "bpm" not in names
    assert "label" in names


def test_a_draft_comes_back_after_the_console_was_closed(mine: Desk, clock: StoppedClock) -> None:
    mine.controller.editor.move(0, 1)
    mine.controller.editor.move(1, 2)
    draft = mine.draft
    mine.close()
    again = Desk(mine.waterfall, clock)
    assert again.draft == draft
    assert again.told == ["Your draft on version 7 is here again."]


def test_a_draft_of_before_meets_a_version_of_meanwhile(mine: Desk, clock: StoppedClock) -> None:
    mine.controller.editor.move(0, 1)
    mine.close()
    theirs(mine, "label")
    again = Desk(mine.waterfall, clock)
    assert again.controller.standing.conflict is not None
    assert again.controller.standing.conflict.contested == ("label",)


def test_a_draft_that_is_discarded_or_applied_is_dropped(mine: Desk, qtbot: QtBot) -> None:
    kept = mine.waterfall.kept
    mine.controller.editor.move(0, 1)
    assert "sandbox" in kept
    mine.controller.editor.discard()
    qtbot.waitUntil(lambda: "sandbox" not in kept)
    mine.controller.editor.undo()
    qtbot.waitUntil(lambda: "sandbox" in kept)
    mine.controller.applying.apply(mine.draft, "Applied")
    qtbot.waitUntil(lambda: "sandbox" not in kept)


def test_reverting_is_a_draft_that_makes_a_new_version(mine: Desk) -> None:
    earlier = mine.waterfall.version("sandbox", 5)
    mine.controller.standing.revert_to(earlier)
    assert mine.draft.base.version == 7
    assert list(mine.draft.fields) == earlier.fields
    mine.controller.applying.apply(mine.draft, "Revert to version 5")
    newest = mine.waterfall.history[-1]
    assert (newest.version, newest.fields, newest.author) == (8, earlier.fields, "ada@desk-1")


def test_an_environment_keeps_its_own_draft(mine: Desk) -> None:
    mine.controller.editor.move(0, 1)
    mine.controller.editor.move(0, 2)
    draft = mine.draft
    mine.controller.set_environment(STAGING)
    assert mine.draft.changed == ()
    assert mine.waterfall.kept["sandbox"].fields == list(draft.fields), "the last edit is kept too"
    assert "staging" not in mine.waterfall.kept


def test_while_the_service_is_away_editing_goes_on(mine: Desk) -> None:
    gone = OperatorError("It does not answer.", "Start it.")
    mine.waterfall.error = gone
    mine.controller.feed.look()
    assert mine.controller.feed.error is gone
    mine.controller.editor.move(0, 1)
    assert mine.draft.changed == ("label",)
    mine.waterfall.error = None
    mine.controller.feed.look()
    assert mine.controller.feed.error is None

"""Keeping a draft: the newest write wins, whichever comes first."""

import pytest
from pytestqt.qtbot import QtBot

from backend.contracts.waterfall import WaterfallDraft
from controllers.waterfall_edits import moved
from controllers.waterfall_keeper import DraftKeeper
from tests.controllers.test_operations import LateBackground
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.waterfall import SampleWaterfall


@pytest.fixture
def waterfall(clock: StoppedClock, qtbot: QtBot) -> SampleWaterfall:
    return SampleWaterfall(clock)


def draft(waterfall: SampleWaterfall, target: int) -> WaterfallDraft:
    base = waterfall.history[-1]
    fields = [moved(field, 0, target) if field.field == "label" else field for field in base.fields]
    return WaterfallDraft(base=base, fields=fields, changed_at=base.activated_at)


def test_a_write_that_comes_late_does_not_bring_a_draft_back(waterfall: SampleWaterfall) -> None:
    background = LateBackground()
    keeper = DraftKeeper(waterfall, background)
    keeper.keep("sandbox", draft(waterfall, 1))
    keeper.keep("sandbox", None)
    keeper.flush()
    background.finish(1)
    background.finish(0)
    assert waterfall.kept == {}


def test_what_waits_is_written_when_the_environment_changes(waterfall: SampleWaterfall) -> None:
    background = LateBackground()
    keeper = DraftKeeper(waterfall, background)
    keeper.keep("sandbox", draft(waterfall, 1))
    keeper.keep("sandbox", draft(waterfall, 2))
    keeper.keep("sandbox", draft(waterfall, 3))
    assert len(background.waiting) == 1, "the ones in between need not be written"
    keeper.flush()
    keeper.begin(None)
    for place in range(2):
        background.finish(place)
    assert waterfall.kept == {"sandbox": draft(waterfall, 3)}


def test_what_is_kept_already_is_not_written_again(waterfall: SampleWaterfall) -> None:
    background = LateBackground()
    keeper = DraftKeeper(waterfall, background)
    keeper.begin(draft(waterfall, 1))
    keeper.keep("sandbox", draft(waterfall, 1))
    assert background.waiting == []

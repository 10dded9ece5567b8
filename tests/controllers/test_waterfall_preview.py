"""The replay of a draft: only the newest question counts."""

import pytest
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from controllers.waterfall_edits import Draft, moved, untouched
from controllers.waterfall_preview import WaterfallPreview
from tests.controllers.test_operations import LateBackground
from tests.controllers.waterfall_desk import Desk
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.waterfall import SampleWaterfall


class Fails(LateBackground):
    """Delivers an error in place of an answer."""

    def fail(self, place: int, error: OperatorError) -> None:
        _call, deliver = self.waiting[place]
        deliver(None, error)


@pytest.fixture
def waterfall(clock: StoppedClock, qtbot: QtBot) -> SampleWaterfall:
    return SampleWaterfall(clock)


@pytest.fixture
def background() -> Fails:
    return Fails()


@pytest.fixture
def preview(waterfall: SampleWaterfall, background: Fails) -> WaterfallPreview:
    made = WaterfallPreview(waterfall, background)
    made.set_environment("sandbox")
    made.set_shown(True)
    return made


def drafts(waterfall: SampleWaterfall) -> tuple[Draft, Draft]:
    draft = untouched(waterfall.history[-1])
    field = draft.field("label")
    assert field is not None
    return draft, draft.with_field(moved(field, 0, 1))


def test_an_answer_that_was_overtaken_is_not_shown(
    preview: WaterfallPreview, background: Fails, waterfall: SampleWaterfall
) -> None:
    first, second = drafts(waterfall)
    preview.want(first, "label")
    background.finish(0)
    assert preview.replay.current
    preview.want(second, "label")
    preview.ask_now()
    preview.want(first, "label")
    background.finish(1)
    assert preview.replay.busy, "the answer to the second draft came after the third was wanted"
    assert not preview.replay.current
    preview.ask_now()
    background.finish(2)
    assert preview.replay.current


def test_edits_in_a_row_are_asked_once(
    preview: WaterfallPreview, background: Fails, waterfall: SampleWaterfall, qtbot: QtBot
) -> None:
    first, second = drafts(waterfall)
    preview.want(first, "label")
    background.finish(0)
    for draft in (second, first, second):
        preview.want(draft, "label")
    qtbot.waitUntil(lambda: len(background.waiting) == 2)
    background.finish(1)
    assert [request.fields for request in waterfall.previews] == [list(first.fields), list(second.fields)]


def test_a_failure_keeps_the_figures_and_says_that_they_are_old(
    preview: WaterfallPreview, background: Fails, waterfall: SampleWaterfall
) -> None:
    first, second = drafts(waterfall)
    preview.want(first, "label")
    background.finish(0)
    preview.want(second, "label")
    preview.ask_now()
    background.fail(1, OperatorError("It does not answer.", "Start it."))
    replay = preview.replay
    assert replay.comparison is not None
    assert (replay.current, replay.busy) == (False, False)
    assert replay.error is not None
    preview.ask_now()
    background.finish(2)
    assert preview.replay.error is None


def test_nothing_is_asked_while_nobody_looks(
    preview: WaterfallPreview, background: Fails, waterfall: SampleWaterfall, qtbot: QtBot
) -> None:
    preview.set_shown(False)
    preview.want(drafts(waterfall)[0], "label")
    assert background.waiting == []
    preview.set_shown(True)
    qtbot.waitUntil(lambda: len(background.waiting) == 1)


def test_a_drag_is_replayed_before_the_drop(waterfall: SampleWaterfall, clock: StoppedClock) -> None:
    desk = Desk(waterfall, clock)
    desk.controller.hover(4, 0)
    desk.controller.preview.ask_now()
    asked = next(field for field in waterfall.previews[-1].fields if field.field == "label")
    assert asked.sources[0].provider == "lastfm"
    assert desk.order()[0] == "beatport", "nothing is done yet"
    desk.controller.end_hover()
    desk.controller.preview.ask_now()
    assert waterfall.previews[-1].fields == list(desk.draft.fields)

"""Editing an order: keys, mouse, buttons, undo and redo."""

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRectF, Qt
from PySide6.QtTest import QTest

from backend.contracts.waterfall import OnDisagreement, WhenUnavailable
from backend.contracts.waterfall_rules import warnings
from tests.gui.sample.stage import Stage
from tests.gui.waterfall_on_screen import (
    EditorOpened,
    dialog,
    draft_of,
    order,
    reliability,
    shown_fields,
    threshold,
)
from views.waterfall.add_source import AddSourceDialog
from views.waterfall.copy_order import CopyOrderDialog
from views.waterfall.move_to import MoveToDialog
from views.waterfall.review import ReviewDialog
from views.waterfall.step_layout import StepLayout, step_layout

FIRST = ["beatport", "discogs", "musicbrainz", "spotify", "lastfm"]
ALT, NONE = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier


def parts(stage: Stage, provider: str) -> StepLayout:
    steps = stage.window.waterfall.sources.list
    place = stage.console.waterfall.steps.place_of(provider)
    return step_layout(QRectF(steps.visualRect(stage.console.waterfall.steps.index(place))))


def click(stage: Stage, area: QRectF) -> None:
    viewport = stage.window.waterfall.sources.list.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, NONE, area.center().toPoint())


def test_the_keys_move_switch_and_remove(edited: EditorOpened) -> None:
    stage = edited()
    steps = stage.window.waterfall.sources.list
    steps.choose("musicbrainz")
    for key, expected in (
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 4),
        (Qt.Key.Key_Down, 4),
        (Qt.Key.Key_Up, 3),
    ):
        QTest.keyClick(steps, key, ALT)
        assert order(stage).index("musicbrainz") == expected
    current = steps.current()
    assert current is not None
    assert current.provider == "musicbrainz", "the focus stays with what was moved"
    QTest.keyClick(steps, Qt.Key.Key_Right)
    QTest.keyClick(steps, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert threshold(stage, "musicbrainz") == 0.71
    QTest.keyClick(steps, Qt.Key.Key_Space)
    assert not next(
        row for row in stage.console.waterfall.steps.rows() if row.provider == "musicbrainz"
    ).enabled
    QTest.keyClick(steps, Qt.Key.Key_Delete)
    assert "musicbrainz" not in order(stage)
    current = steps.current()
    assert current is not None
    assert current.provider == "lastfm", "what took its place is in focus"


def test_moves_are_spoken(edited: EditorOpened, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = edited()
    spoken: list[str] = []
    monkeypatch.setattr("views.waterfall.view.announce", lambda _widget, text: spoken.append(text))
    stage.window.waterfall.sources.list.choose("beatport")
    QTest.keyClick(stage.window.waterfall.sources.list, Qt.Key.Key_Down, ALT)
    stage.console.waterfall.editor.undo()
    assert spoken == ["beatport moved to 2 of 5", "Undid: move beatport in label"]


def test_the_model_moves_rows_as_a_drop_asks(edited: EditorOpened) -> None:
    stage = edited()
    model, root = stage.console.waterfall.steps, QModelIndex()
    assert model.moveRows(root, 0, 1, root, 3)
    assert order(stage) == ["discogs", "musicbrainz", "beatport", "spotify", "lastfm"]
    assert model.moveRows(root, 4, 1, root, 0)
    assert order(stage)[0] == "lastfm"
    for source, number, destination in ((1, 1, 1), (1, 1, 2), (0, 2, 4), (5, 1, 0), (0, 1, 6)):
        assert not model.moveRows(root, source, number, root, destination)
    assert [row.provider for row in model.rows()] == order(stage)
    assert [row.place for row in model.rows()] == [1, 2, 3, 4, 5]


def test_the_mouse_switches_slides_and_presses_the_arrows(edited: EditorOpened) -> None:
    stage = edited()
    click(stage, parts(stage, "beatport").switch)
    assert stage.console.waterfall.steps.rows()[0].enabled
    click(stage, parts(stage, "beatport").down)
    assert order(stage)[:2] == ["discogs", "beatport"]
    click(stage, parts(stage, "beatport").up)
    assert order(stage) == FIRST
    layout = parts(stage, "discogs")
    viewport = stage.window.waterfall.sources.list.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, NONE, layout.knob_at(0.7).toPoint())
    for value in (0.5, 0.4, 0.3):
        QTest.mouseMove(viewport, layout.knob_at(value).toPoint())
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, NONE, layout.knob_at(0.3).toPoint())
    assert abs(threshold(stage, "discogs") - 0.3) < 0.02
    stage.console.waterfall.editor.undo()
    assert threshold(stage, "discogs") == 0.7, "a slide is undone at once"


def test_the_buttons_do_what_the_keys_do(edited: EditorOpened) -> None:
    stage = edited()
    sources = stage.window.waterfall.sources
    sources.list.choose("discogs")
    assert sources.bar.up_button.accessibleName() == "Move discogs up"
    sources.bar.up_button.click()
    assert order(stage)[0] == "discogs"
    assert not sources.bar.up_button.isEnabled()
    sources.bar.down_button.click()
    sources.bar.switch.click()
    sources.bar.threshold.setValue(0.42)
    assert threshold(stage, "discogs") == 0.42
    sources.bar.place_button.click()
    asked = dialog(stage, MoveToDialog)
    asked.number.setValue(5)
    asked.verb_button.click()
    assert order(stage)[-1] == "discogs"
    sources.bar.remove_button.click()
    assert "discogs" not in order(stage)


def test_the_reliability_is_a_number_that_reaches_the_version_that_is_applied(edited: EditorOpened) -> None:
    stage = edited()
    sources, editor = stage.window.waterfall.sources, stage.console.waterfall.editor
    sources.list.choose("discogs")
    box = sources.bar.reliability
    assert (box.value(), box.accessibleName()) == (0.9, "Reliability of discogs")
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "0.55")
    QTest.keyClick(box, Qt.Key.Key_Tab)
    assert reliability(stage, "discogs") == 0.55
    assert any("above its reliability 0.55" in each.problem for each in warnings(draft_of(stage).fields))
    editor.undo()
    assert (reliability(stage, "discogs"), box.value()) == (0.9, 0.9)
    editor.redo()
    stage.window.router.run("waterfall.review")
    review = dialog(stage, ReviewDialog)
    review.comment.setText("Discogs names reissues")
    review.verb_button.click()
    applied = stage.waterfall.history[-1]
    step = next(s for f in applied.fields if f.field == "label" for s in f.sources if s.provider == "discogs")
    assert step.reliability == 0.55


def test_enter_goes_to_the_threshold_and_back_is_a_number(edited: EditorOpened) -> None:
    stage = edited()
    sources = stage.window.waterfall.sources
    sources.list.choose("spotify")
    QTest.keyClick(sources.list, Qt.Key.Key_Return)
    assert sources.bar.threshold.hasFocus()
    QTest.keyClicks(sources.bar.threshold, "0.33")
    QTest.keyClick(sources.bar.threshold, Qt.Key.Key_Tab)
    assert threshold(stage, "spotify") == 0.33


def test_everything_can_be_undone_and_done_again(edited: EditorOpened) -> None:
    stage = edited()
    editor, view = stage.console.waterfall.editor, stage.window.waterfall
    drafts = [draft_of(stage)]
    policies = (WhenUnavailable.WAIT, OnDisagreement.MAJORITY, 30)
    acts: tuple[Callable[[], None], ...] = (
        partial(editor.move, 0, 4),
        partial(editor.toggle, "discogs"),
        partial(editor.set_threshold, "spotify", 0.1),
        partial(editor.add, "itunes"),
        partial(editor.remove, "lastfm"),
        partial(editor.set_policies, *policies, required=True),
        partial(editor.copy_order, ["genres", "isrc"]),
        editor.discard,
    )
    for act in acts:
        act()
        assert draft_of(stage) != drafts[-1]
        drafts.append(draft_of(stage))
    for expected in reversed(drafts[:-1]):
        QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert draft_of(stage) == expected
    assert not view.bar.undo_button.isEnabled()
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    for expected in drafts[1:]:
        QTest.keyClick(view, Qt.Key.Key_Z, shift)
        assert draft_of(stage) == expected
    assert view.bar.undo_button.toolTip() == "Undo: discard draft"


def test_undo_goes_to_the_field_it_changes(edited: EditorOpened) -> None:
    stage = edited()
    editor = stage.console.waterfall.editor
    editor.move(0, 1)
    editor.select("isrc")
    editor.undo()
    assert editor.selection == "label"
    assert stage.window.waterfall.fields.list.currentIndex().data() == "label"


def test_policies_are_edited(edited: EditorOpened) -> None:
    stage = edited()
    policies = stage.window.waterfall.sources.policies
    policies.disagreement.setCurrentIndex(1)
    policies.disagreement.activated.emit(1)
    policies.unavailable.setCurrentIndex(1)
    policies.unavailable.activated.emit(1)
    policies.keep.setValue(30)
    policies.required.click()
    field = draft_of(stage).field("label")
    assert field is not None
    assert (field.on_disagreement, field.when_unavailable, field.keep_days, field.required_for_gold) == (
        OnDisagreement.SUREST,
        WhenUnavailable.WAIT,
        30,
        True,
    )
    assert stage.window.waterfall.sources.title.text() == "label · surest source above its threshold wins"
    policies.keep.setValue(0)
    field = draft_of(stage).field("label")
    assert field is not None
    assert field.keep_days is None


def test_sources_that_are_dead_cannot_be_added(edited: EditorOpened) -> None:
    stage = edited()
    stage.window.waterfall.sources.add_button.click()
    asked = dialog(stage, AddSourceDialog)
    assert [row.key for row in asked.model.rows()] == ["deezer", "itunes", "coverartarchive"]
    assert asked.model.rows()[2].subtitle == "ended: It has pictures only."
    asked.list.choose("coverartarchive")
    assert not asked.verb_button.isEnabled()
    asked.list.choose("itunes")
    asked.verb_button.click()
    assert order(stage)[-1] == "itunes"


def test_an_order_is_copied_to_the_fields_chosen(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(2, 0)
    stage.window.waterfall.sources.copy_button.click()
    asked = dialog(stage, CopyOrderDialog)
    assert "bpm" not in asked.boxes, "none of its sources would move"
    asked.boxes["genres"].setChecked(True)
    asked.verb_button.click()
    assert order(stage, "genres") == ["musicbrainz", "discogs", "lastfm"]
    assert order(stage, "isrc") == ["spotify", "deezer", "musicbrainz"]


def test_typing_filters_the_fields(edited: EditorOpened) -> None:
    stage = edited()
    fields = stage.window.waterfall.fields
    QTest.keyClick(stage.window.waterfall, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert fields.filter.hasFocus()
    QTest.keyClicks(fields.filter, "art")
    assert shown_fields(stage) == ["artwork_url"]
    assert stage.console.waterfall.editor.selection == "label", "filtering chooses nothing"
    QTest.keyClick(fields.filter, Qt.Key.Key_Return)
    QTest.mouseClick(
        fields.list.viewport(),
        Qt.MouseButton.LeftButton,
        NONE,
        fields.list.visualRect(fields.shown.index(0, 0)).center(),
    )
    assert stage.console.waterfall.editor.selection == "artwork_url"
    fields.filter.setText("napster")
    assert fields.none_found.isVisible()


def test_rows_say_everything(edited: EditorOpened) -> None:
    stage = edited()
    spoken = stage.console.waterfall.steps.rows()[1].spoken
    assert spoken.startswith(
        "Place 2 of 5, discogs, on, threshold 0.70, breaker closed · 33 / 60 in 60 s, wins "
    )
    stage.console.waterfall.editor.select("bpm")
    row = stage.console.waterfall.steps.rows()[1]
    assert row.dead == "ended 2024-11-27: Audio features are closed to new applications."
    assert row.dead in row.spoken


def test_parts_are_where_they_are_drawn() -> None:
    for width in (350.0, 480.0, 700.0):
        layout = step_layout(QRectF(0, 0, width, 64))
        for value in (0.0, 0.37, 1.0):
            assert abs(layout.value_at(layout.knob_at(value).x()) - value) < 1e-9
        assert layout.name.width() > 60
        assert layout.name.right() < layout.slider.left() < layout.number.left() < layout.wins.left()
        assert not layout.up.intersects(layout.down)
        assert layout.card.contains(QPoint(int(layout.up.center().x()), int(layout.up.center().y())))

"""The waterfall editor as a whole: states, review, conflict, history, and sources that cannot be asked."""

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from controllers.waterfall_rebase import Choice
from tests.gui.sample import providers as samples
from tests.gui.sample.stage import Stage
from tests.gui.waterfall_on_screen import EditorOpened, comes_first, dialog, draft_of, order
from tests.gui.waterfall_scenes import ENRICHMENT_GONE
from views.waterfall.history import HistoryDialog
from views.waterfall.rebase_dialog import RebaseDialog
from views.waterfall.review import ReviewDialog


def review(stage: Stage) -> ReviewDialog:
    stage.window.router.run("waterfall.review")
    return dialog(stage, ReviewDialog)


def test_the_draft_is_named_and_counted(edited: EditorOpened) -> None:
    stage = edited()
    view = stage.window.waterfall
    assert view.head.pill.accessibleName() == "v7 in force"
    assert not view.bar.apply_button.isEnabled()
    stage.console.waterfall.editor.move(0, 1)
    assert view.head.pill.accessibleName() == "Draft on v7 · 1 field changed"
    assert view.bar.apply_button.text() == "Review and apply v8…"
    changed = [row.key for row in stage.console.waterfall.fields.rows() if row.mark.word == "changed"]
    assert changed == ["label"]
    view.bar.discard_button.click()
    assert view.head.pill.accessibleName() == "v7 in force"
    assert stage.window.toasts.texts()[-1] == "The draft is discarded. Undo (Ctrl+Z) brings it back."


def test_a_version_is_applied_with_a_comment(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(1, 0)
    asked = review(stage)
    assert asked.diff.text() == "label: Discogs moved from place 2 to 1"
    assert not asked.verb_button.isEnabled(), "a comment is required"
    asked.comment.setText("Labels come from Discogs")
    asked.verb_button.click()
    newest = stage.waterfall.history[-1]
    assert (newest.version, newest.author, newest.comment) == (8, "ada@desk-1", "Labels come from Discogs")
    assert stage.window.waterfall.head.pill.accessibleName() == "v8 in force"
    assert stage.window.waterfall.dialogs.current is None


def test_production_asks_for_its_name(edited: EditorOpened) -> None:
    stage = edited("production")
    stage.console.waterfall.editor.move(1, 0)
    asked = review(stage)
    asked.comment.setText("Labels come from Discogs")
    assert not asked.verb_button.isEnabled()
    QTest.keyClicks(asked.typed.edit, "production")
    assert asked.verb_button.isEnabled()


def test_a_problem_keeps_a_draft_from_being_applied(edited: EditorOpened) -> None:
    stage = edited()
    editor = stage.console.waterfall.editor
    editor.select("isrc")
    for name in ("spotify", "deezer", "musicbrainz"):
        editor.toggle(name)
    asked = review(stage)
    asked.comment.setText("All off")
    assert not asked.verb_button.isEnabled()
    assert asked.findings.sentences[0].startswith("isrc: A track needs this field to be complete")
    assert "cannot be applied" in [row.mark.word for row in stage.console.waterfall.fields.rows()]


def test_a_source_that_cannot_be_asked_is_shown_in_the_row_and_in_the_review(edited: EditorOpened) -> None:
    stage = edited("staging")
    stage.providers.current = samples.failing
    stage.console.breakers.feed.look_again()
    rows = {row.provider: row for row in stage.console.waterfall.steps.rows()}
    assert rows["lastfm"].state == "breaker open, probe in 12 s · cooling"
    assert rows["discogs"].live.unavailable == ""
    stage.console.waterfall.editor.move(4, 0)
    found = review(stage).findings.sentences
    assert found == [
        "label · lastfm: It cannot be asked now: breaker open, probe in 12 s. Until it can, the sources "
        "after it are taken and the values marked degraded."
    ]


def test_a_source_without_credentials_is_shown(edited: EditorOpened) -> None:
    stage = edited()
    live = samples.healthy(stage.clock() + timedelta(seconds=1))
    lacking = live.providers["spotify"].model_copy(update={"missing_credentials": "spotify_client_id"})
    changed = live.model_copy(update={"providers": {**live.providers, "spotify": lacking}})
    stage.providers.current = lambda _now: changed
    stage.console.breakers.feed.look_again()
    row = stage.console.waterfall.steps.rows()[3]
    assert row.state == "no credentials: spotify_client_id"
    assert row.live.unavailable == "it lacks credentials"


def test_the_live_state_ages_with_the_breakers(edited: EditorOpened) -> None:
    stage = edited()
    stage.clock.forward(60)
    stage.console.breakers.feed.publish()
    assert {row.state for row in stage.console.waterfall.steps.rows()} == {"state unknown"}


def test_a_conflict_is_visible_and_resolved_field_by_field(edited: EditorOpened) -> None:
    stage = edited()
    view = stage.window.waterfall
    stage.console.waterfall.editor.move(0, 1)
    comes_first(stage, "label", "bpm")
    stage.console.waterfall.feed.look()
    assert view.conflict.isVisible()
    assert "Version 8 by lea@desk-2" in view.conflict.text
    assert "You both changed label" in view.conflict.text
    view.bar.apply_button.click()
    asked = dialog(stage, RebaseDialog)
    assert not asked.mine_button.isEnabled(), "what both changed has to be decided"
    asked.options["label", Choice.MINE].setChecked(True)
    asked.mine_button.click()
    assert not view.conflict.isVisible()
    assert order(stage)[:2] == ["discogs", "beatport"]
    assert draft_of(stage).base.version == 8
    assert view.bar.apply_button.text() == "Review and apply v9…"


def test_taking_theirs_ends_the_conflict(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(0, 1)
    comes_first(stage, "label")
    stage.console.waterfall.feed.look()
    stage.window.waterfall.conflict.resolve_button.click()
    dialog(stage, RebaseDialog).theirs_button.click()
    assert stage.window.waterfall.head.pill.accessibleName() == "v8 in force"
    assert order(stage)[0] == "lastfm"


def test_coming_second_at_apply_shows_the_conflict(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(0, 1)
    asked = review(stage)
    asked.comment.setText("Mine")
    comes_first(stage, "label")
    asked.verb_button.click()
    assert [one.author for one in stage.waterfall.history[-2:]] == ["lea@desk-2", "lea@desk-2"]
    assert stage.window.waterfall.dialogs.current is None
    assert stage.window.waterfall.conflict.isVisible()
    assert draft_of(stage).changed == ("label",)


def test_a_failed_apply_stays_in_the_dialogue(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(0, 1)
    asked = review(stage)
    asked.comment.setText("Mine")
    stage.waterfall.error = ENRICHMENT_GONE
    asked.verb_button.click()
    assert ENRICHMENT_GONE.message in asked.banner.text
    stage.waterfall.error = None
    asked.verb_button.click()
    assert stage.waterfall.history[-1].comment == "Mine"


def test_a_dialogue_over_the_draft_is_of_that_draft(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(0, 1)
    asked = review(stage)
    QTest.keyClick(asked.cancel_button, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert draft_of(stage).changed == ("label",), "undo does nothing under a dialogue"
    stage.console.waterfall.editor.move(0, 2)
    assert stage.window.waterfall.dialogs.current is None, "what it showed is no longer what would be applied"


def test_any_two_versions_are_compared_and_one_comes_back(edited: EditorOpened) -> None:
    stage = edited()
    stage.window.waterfall.bar.history_button.click()
    asked = dialog(stage, HistoryDialog)
    assert [row.key for row in asked.model.rows()] == ["7", "6", "5", "4", "3"]
    assert asked.diff.text() == "label: Discogs moved from place 3 to 2"
    assert not asked.revert_button.isEnabled(), "it is in force"
    asked.list.setFocus()
    asked.list.choose("5")
    assert asked.diff.text().startswith("bpm: ")
    asked.other.setCurrentIndex(asked.other.findData(7))
    asked.other.activated.emit(asked.other.currentIndex())
    assert asked.diff.text().startswith("label: ")
    asked.revert_button.click()
    applied = dialog(stage, ReviewDialog)
    assert applied.comment.text() == "Revert to version 5: Tempo from Beatport first"
    applied.verb_button.click()
    assert stage.waterfall.history[-1].version == 8
    assert stage.waterfall.history[-1].fields == stage.waterfall.version("sandbox", 5).fields


def test_nothing_to_edit_says_why(stage: Stage, edited: EditorOpened) -> None:
    stage.open()
    stage.window.router.run("waterfall.open")
    empty = stage.window.waterfall.empty
    assert (empty.title.text(), empty.button.text()) == ("Nothing is deployed here yet", "Deploy…")
    other = edited()
    other.waterfall.error = ENRICHMENT_GONE
    other.console.session.select("staging")
    empty = other.window.waterfall.empty
    assert empty.title.text() == "The waterfall cannot be read"
    other.waterfall.error = None
    empty.button.click()
    assert other.window.waterfall.sources.isVisible()


def test_no_stored_answers_and_a_failed_replay_are_states(edited: EditorOpened, qtbot: QtBot) -> None:
    stage = edited()
    replay = stage.window.waterfall.replay
    stage.waterfall.preview_error = ENRICHMENT_GONE
    stage.console.waterfall.editor.move(0, 1)
    qtbot.waitUntil(lambda: replay.pill.accessibleName() == "out of date")
    assert ENRICHMENT_GONE.message in replay.error.text()
    stage.waterfall.preview_error, stage.waterfall.responses = None, 0
    replay.again_button.click()
    assert replay.empty.title.text() == "No stored answers yet"


def test_what_would_change_is_told(edited: EditorOpened, qtbot: QtBot) -> None:
    stage = edited()
    replay = stage.window.waterfall.replay
    assert replay.pages.nothing.text() == "No value of label would be another one."
    stage.console.waterfall.editor.toggle("beatport")
    qtbot.waitUntil(lambda: replay.figures.texts()["Filled"][2] == "+4.4")
    assert "37 tracks (0.7 %) cannot be judged" in replay.unjudged.text()
    assert replay.pages.differences.rowCount() == 500
    assert replay.pages.nothing.text().startswith("The first 500 of ")
    assert replay.pages.winners.texts()["beatport"][0] == "0.0 %"
    table = replay.pages.table
    table.setCurrentIndex(table.model().index(0, 0))
    assert "confidence" in replay.pages.explanation.text()
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(QApplication.clipboard().text().splitlines()) == 501
    assert replay.pages.advice_chip.text() == "Advice 1"
    assert "Move it up, lower its threshold, or remove it." in stage.console.waterfall.steps.rows()[4].advice


def test_undo_in_a_text_field_is_that_of_the_text(edited: EditorOpened) -> None:
    stage = edited()
    stage.console.waterfall.editor.move(0, 1)
    filter_ = stage.window.waterfall.fields.filter
    assert isinstance(filter_, QLineEdit)
    filter_.setFocus()
    QTest.keyClicks(filter_, "art")
    QTest.keyClick(filter_, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert filter_.text() == ""
    assert draft_of(stage).changed == ("label",)

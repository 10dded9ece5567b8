"""Correcting letters: a patch for many, versions of one compared, and what people write about one."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.contracts.dead_letter_operations import LetterAttributes, OperationKind, OperationRequest
from controllers.dead_letters_diff import Side
from tests.gui import dead_letter_scenes as scenes
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from tests.gui.test_dead_letters import last
from views.dead_letters.attributes_dialog import AttributesDialog
from views.dead_letters.contrast_dialog import ContrastDialog
from views.dead_letters.patch_dialog import PatchDialog

Key = Qt.Key


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    stage = make_stage()
    stage.stack.current = stacks.healthy
    stage.open()
    return stage


@pytest.fixture
def patch(stage: Stage) -> PatchDialog:
    scenes.opened(stage)
    stage.console.dead_letters.choose_cause("cempty")
    stage.window.dead_letters.table.setFocus()
    QTest.keyClick(stage.window.dead_letters.table, Key.Key_J)
    dialog = stage.window.dead_letters.acting.dialog
    assert isinstance(dialog, PatchDialog)
    return dialog


def counts(dialog: PatchDialog) -> list[str]:
    return [pill.accessibleName() for pill in dialog.trial.pills]


def test_a_patch_is_tried_on_all_members_before_anything_is_kept(stage: Stage, patch: PatchDialog) -> None:
    assert counts(patch) == ["5 apply", "0 fail", "0 unchanged"]
    changed = [line.text for line in patch.trial.diff._lines if line.side is Side.AFTER]
    assert changed == ['  "artist_name": "Unknown Artist",⏎']
    patch.trial.later_button.click()
    assert patch.trial.example.text().startswith("Example 2 of 5")
    assert stage.dead_letters.operations_made == []
    assert not patch.verb_button.isEnabled(), "there is no reason yet"
    patch.reason.setText("the importer sent none")
    patch.verb_button.click()
    request = last(stage, "freeze")
    assert isinstance(request, OperationRequest)
    assert request.kind is OperationKind.PATCH
    assert request.selection.fingerprint == "cempty"
    assert request.options.patch is not None
    assert [step["op"] for step in request.options.patch] == ["test", "replace"]


def test_a_patch_that_fails_says_on_how_many_and_why(qtbot: QtBot, patch: PatchDialog) -> None:
    patch.reason.setText("typo")
    patch.edit.setPlainText('[{"op": "remove", "path": "/isrc"}]')
    assert not patch.verb_button.isEnabled(), "what was counted was another patch"
    qtbot.waitUntil(lambda: counts(patch) == ["0 apply", "5 fail", "0 unchanged"])
    assert "5 × step 1, remove /isrc" in patch.trial.failures.text()
    assert not patch.verb_button.isEnabled()


def test_what_is_no_patch_is_told_and_not_asked(qtbot: QtBot, stage: Stage, patch: PatchDialog) -> None:
    patch.edit.setPlainText('[{"op": "rename"}]')
    qtbot.waitUntil(patch.problem.isVisible)
    assert "Step 1 needs an “op”" in patch.problem.text()
    patch.edit.setPlainText('[{"op": "remove", "path": "/priority"}')
    qtbot.waitUntil(lambda: patch.problem.text().startswith("Not JSON"))
    patch.edit.setPlainText('[{"op": "remove", "path": "/priority"}]')
    qtbot.waitUntil(lambda: counts(patch)[0] == "5 apply")
    assert not patch.problem.isVisible()


def test_versions_of_a_letter_are_compared_and_the_original_stays(stage: Stage) -> None:
    scenes.edited(stage)
    view = stage.window.dead_letters.panel.revisions
    assert (view.before.currentText(), view.after.currentText()) == ("Original", "Revision 1")
    assert view.reason.text().startswith("ada@desk-1, ")
    assert view.reason.text().endswith(": the second artist was missing")
    sides = {line.side: line.text for line in view.diff._lines if line.side in {Side.BEFORE, Side.AFTER}}
    assert sides[Side.BEFORE] == '  "artist_name": "DJ Rolando",⏎'
    assert sides[Side.AFTER] == '  "artist_name": "DJ Rolando & Friends",⏎'
    view.before.setCurrentIndex(1)
    assert view.diff.toPlainText() == "Both are the same, byte for byte."


def test_a_letter_that_was_never_edited_says_so(stage: Stage) -> None:
    scenes.opened(stage)
    assert "never edited" in stage.window.dead_letters.panel.revisions.diff.toPlainText()


def test_lineage_tells_ids_and_everything_that_happened_in_order(stage: Stage) -> None:
    scenes.edited(stage)
    panel = stage.window.dead_letters.panel
    text = panel.lineage.toPlainText()
    assert "0af7651916cd43dd8448eb211c80319c" in text
    places = [
        text.index(part) for part in ("received by intake", "replay by ada", "revision 1 by ada", "Headers")
    ]
    assert places == sorted(places)
    panel.trace_button.click()
    assert QApplication.clipboard().text() == "0af7651916cd43dd8448eb211c80319c"


def test_owner_labels_priority_and_note_of_one_letter(stage: Stage) -> None:
    scenes.opened(stage)
    screen = stage.window.dead_letters
    screen.table.setFocus()
    QTest.keyClick(screen.table, Key.Key_L)
    dialog = screen.acting.dialog
    assert isinstance(dialog, AttributesDialog)
    QTest.keyClicks(dialog.owner, "ada")
    dialog.labels.setText("vip, label-data, vip,, ")
    dialog.priority.setValue(3)
    dialog.note.setPlainText("Asked the label.")
    dialog.keep_button.click()
    given = last(stage, "set_attributes")
    assert isinstance(given, LetterAttributes)
    assert (given.owner, given.labels, given.priority, given.version) == ("ada", ["vip", "label-data"], 3, 3)
    assert screen.panel.notes.text() == "owner ada · priority 3 · #vip · #label-data\nAsked the label."


def test_a_label_that_is_too_long_is_told_before_it_is_sent(stage: Stage) -> None:
    scenes.describing(stage)
    dialog = stage.window.dead_letters.acting.dialog
    assert isinstance(dialog, AttributesDialog)
    dialog.labels.setText("x" * 101)
    assert "100 characters" in dialog.problem.text()
    assert not dialog.keep_button.isEnabled()


def test_picks_outlive_a_new_reading_and_are_gone_once_they_are_acted_on(stage: Stage) -> None:
    scenes.opened(stage)
    screen = stage.window.dead_letters
    screen.controller.table.toggle(1)
    screen.news_button.click()
    assert screen.controller.table.picked_count == 1
    screen.controller.read_table()
    assert screen.controller.table.picked_count == 1
    screen.discard_button.click()
    dialog = screen.acting.dialog
    assert dialog is not None
    dialog.reason.setText("test track")  # type: ignore[attr-defined]
    dialog.verb_button.click()  # type: ignore[attr-defined]
    assert screen.controller.table.picked_count == 0


def test_what_sets_a_cause_apart_is_told_in_shares(stage: Stage) -> None:
    scenes.contrasting(stage)
    dialog = stage.window.dead_letters.acting.dialog
    assert isinstance(dialog, ContrastDialog)
    assert dialog.lines[0] == "artist_name is empty in 100% of the failures, in 0% of the others"
    assert "failed otherwise" in dialog.words.text()


def test_too_few_payloads_say_nothing(stage: Stage) -> None:
    stage.dead_letters.letters = 12
    scenes.contrasting(stage)
    dialog = stage.window.dead_letters.acting.dialog
    assert isinstance(dialog, ContrastDialog)
    assert "too few" in dialog.words.text()
    assert dialog.lines == []

"""Operations on the triage screen: what was and is done, to each member, and what is asked of them."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.contracts.dead_letter_operations import (
    DeadLetterConflictError,
    OperationCommand,
    OperationControl,
    OperationKind,
    OperationOptions,
    OperationState,
)
from tests.gui import dead_letter_scenes as scenes
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from views.dead_letters.operations_dialog import OperationsDialog

Key = Qt.Key


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    stage = make_stage()
    stage.stack.current = stacks.healthy
    stage.open()
    return stage


@pytest.fixture
def listed(stage: Stage) -> OperationsDialog:
    scenes.operations(stage)
    dialog = stage.window.dead_letters.operating.dialog
    assert dialog is not None
    return dialog


def controls(stage: Stage) -> list[OperationControl]:
    asked = (what for name, what in stage.dead_letters.asked if name == "control_operation")
    return [control for control in asked if isinstance(control, OperationControl)]


def test_what_is_not_over_stands_first_with_who_and_how_far(listed: OperationsDialog) -> None:
    rows = listed._rows.rows()
    assert [row.title.split(" · ")[0] for row in rows] == [
        "Retry 201",
        "Retry 214",
        "Quarantine 214",
        "Discard 214",
    ]
    assert [row.mark.word for row in rows] == ["running", "waits to start", "completed", "completed"]
    assert rows[0].trailing == "45%"
    assert "ada@desk-1" in rows[0].subtitle


def test_an_operation_tells_why_how_and_what_became_of_each_member(
    stage: Stage, listed: OperationsDialog
) -> None:
    panel = listed.panel
    assert "“discogs is back”" in panel.made.text()
    assert "sample of 20 letters" in panel.options.text()
    chips = [chip.text() for chip in panel.chips.buttons()]
    assert chips == ["All 201", "100 waiting", "10 sent, no outcome yet", "91 resolved"]
    next(chip for chip in panel.chips.buttons() if chip.text().endswith("resolved")).click()
    assert {row.mark.word for row in panel._items.rows()} == {"resolved"}
    assert panel.items.model().rowCount() == 91
    assert not panel.more_button.isVisible()


def test_members_are_read_page_by_page(listed: OperationsDialog) -> None:
    assert listed.panel.items.model().rowCount() == 200
    listed.panel.more_button.click()
    assert listed.panel.items.model().rowCount() == 201


def test_an_operation_that_waits_says_for_what(listed: OperationsDialog) -> None:
    listed.list.setFocus()
    QTest.keyClick(listed.list, Key.Key_Down)
    assert listed.panel.state.accessibleName() == "waits to start"
    told = listed.panel.options.text()
    assert "when beatport was closed for 10 min and 30% of its limit is left" in told
    assert listed.panel.buttons[OperationCommand.PAUSE].isVisible()


def test_it_is_paused_resumed_and_cancelled_from_the_list(stage: Stage, listed: OperationsDialog) -> None:
    for command in (OperationCommand.PAUSE, OperationCommand.RESUME, OperationCommand.CANCEL):
        listed.panel.buttons[command].click()
    assert [control.command for control in controls(stage)[-3:]] == ["pause", "resume", "cancel"]
    assert listed.shown is not None
    assert listed.shown.state is OperationState.CANCELLED


def test_a_discard_is_taken_back_from_the_list(stage: Stage, listed: OperationsDialog) -> None:
    listed.list.choose("op-1")
    listed.panel.undo_button.click()
    undo = stage.dead_letters.operations_made[-1]
    assert (undo.kind, undo.undoes) == (OperationKind.UNDO, "op-1")


def test_a_member_leads_to_its_letter(stage: Stage, listed: OperationsDialog) -> None:
    listed.panel.items.setCurrentIndex(listed.panel.items.model().index(3, 0))
    listed.panel.items.setFocus()
    QTest.keyClick(listed.panel.items, Key.Key_Return)
    assert not listed.isVisible()
    assert stage.window.dead_letters.panel.letter is not None
    assert stage.window.dead_letters.panel.letter.message_id == "letter-3"


def test_who_was_slower_is_told_in_the_list(stage: Stage, listed: OperationsDialog) -> None:
    stage.dead_letters.conflict = DeadLetterConflictError("ben paused it a moment ago.", "Look again.")
    listed.panel.buttons[OperationCommand.PAUSE].click()
    assert "ben paused it" in listed.banner.text


def test_the_pace_is_changed_by_keyboard_while_it_runs(stage: Stage) -> None:
    scenes.running(stage)
    screen = stage.window.dead_letters
    screen.table.setFocus()
    QTest.keyClick(screen.table, Key.Key_P)
    dialog = screen.operating.pace_dialog
    assert dialog is not None
    QTest.keyClicks(dialog.pace, "2.5")
    QTest.keyClick(dialog.pace, Key.Key_Return)
    control = controls(stage)[-1]
    assert (control.command, control.per_second) == (OperationCommand.PACE, 2.5)
    assert stage.dead_letters.operations_made[-1].options.per_second == 2.5


def test_what_sends_nothing_has_no_pace(stage: Stage) -> None:
    acts, table = stage.console.dead_letters.acts, stage.console.dead_letters.table
    scenes.opened(stage)
    acts.start(acts.request(OperationKind.DISCARD, table.meant(), OperationOptions(), "test", "x"), None)
    assert not stage.window.dead_letters.operation.buttons[OperationCommand.PACE].isVisible()

"""The rollback dialogue and what follows it."""

from collections.abc import Callable
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from backend.contracts.runs import RollbackOptions, RollbackScope, RunState
from tests.gui.sample import stack as stacks
from tests.gui.sample.rollbacks import NEWEST, rollback_run
from tests.gui.sample.stage import Stage
from views.rollback.dialog import RollbackDialog


def asked(stage: Stage) -> RollbackDialog:
    """The dialogue, open."""
    stage.stack.current = stacks.healthy
    window = stage.open()
    window.router.run("rollback.ask")
    dialog = window.rollback.dialog
    assert dialog is not None
    return dialog


def test_the_practice_ground_rolls_back_with_one_press(stage: Stage) -> None:
    dialog = asked(stage)
    assert QApplication.focusWidget() is dialog.cancel_button
    assert not dialog.typed.isVisible()
    dialog.roll_button.click()
    assert stage.runs.started == [RollbackOptions(scope=RollbackScope.SERVICES)]
    assert stage.window.rollback.run.isVisible()


def test_production_wants_its_name(make_stage: Callable[..., Stage], qtbot: QtBot) -> None:
    stage = make_stage("production")
    dialog = asked(stage)
    assert not dialog.roll_button.isEnabled()
    QTest.keyClicks(dialog.typed.edit, "productio")
    assert not dialog.roll_button.isEnabled()
    QTest.keyClick(dialog.typed.edit, Qt.Key.Key_Return)
    assert stage.runs.started == []
    QTest.keyClicks(dialog.typed.edit, "n")
    assert dialog.roll_button.isEnabled()
    dialog.roll_button.click()
    assert len(stage.runs.started) == 1


def test_every_choice_says_what_it_does(stage: Stage) -> None:
    dialog = asked(stage)
    wanted = [
        RollbackOptions(scope=RollbackScope.SERVICES),
        RollbackOptions(scope=RollbackScope.DATABASE),
        RollbackOptions(scope=RollbackScope.FULL),
        RollbackOptions(scope=RollbackScope.FULL, backup=NEWEST),
    ]
    for card, options in zip(dialog.cards, wanted, strict=True):
        card.choose()
        assert dialog._options() == options
        assert dialog._actions.count() >= len(card.choice.actions)
        assert card.choice.commands
        assert dialog.commands.text().splitlines() == list(card.choice.commands)
        assert dialog.picker.isVisible() is (options.backup is not None)
        assert [each for each in dialog.cards if each.radio.isChecked()] == [card]


def test_a_picked_file_is_planned_before_it_can_be_used(stage: Stage) -> None:
    dialog = asked(stage)
    dialog.cards[-1].choose()
    dialog.picker.take_file("/tmp/own.sql.gz")
    options = dialog._options()
    assert options is not None
    assert options.backup == "/tmp/own.sql.gz"
    assert dialog.roll_button.isEnabled()
    stage.runs.error = OperatorError("/tmp/torn.sql.gz is truncated.", "Pick another backup.")
    dialog.picker.take_file("/tmp/torn.sql.gz")
    assert dialog.banner.isVisible()
    assert not dialog.roll_button.isEnabled()


def test_escape_changes_nothing(stage: Stage, qtbot: QtBot) -> None:
    dialog = asked(stage)
    QTest.keyClick(dialog.cancel_button, Qt.Key.Key_Escape)
    assert stage.runs.started == []
    assert stage.window.rollback.dialog is None


def test_tab_stays_inside_the_dialogue(stage: Stage, qtbot: QtBot) -> None:
    dialog = asked(stage)
    for _ in range(25):
        focused = QApplication.focusWidget()
        assert focused is not None
        assert dialog.isAncestorOf(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)


def test_the_outcome_is_said_and_the_list_comes_back(stage: Stage, qtbot: QtBot) -> None:
    asked(stage).roll_button.click()
    run_id = stage.console.rollback.follower.run_id
    assert run_id is not None
    ended = rollback_run(
        "sandbox", RollbackOptions(scope=RollbackScope.SERVICES), stage.clock(), RunState.SUCCEEDED
    )
    stage.runs.keep(ended.model_copy(update={"id": run_id}))
    view = stage.window.rollback
    qtbot.waitUntil(view.run.banner.isVisible)
    assert "health check and smoke tests pass" in view.run.banner.text
    view.run.leave_button.click()
    assert view.head.isVisible()
    assert [row.mark.word for row in view.runs.rows()] == ["succeeded"]


def test_a_run_of_the_list_opens(stage: Stage, qtbot: QtBot) -> None:
    stage.stack.current = stacks.healthy
    run = stage.keep_run(11, RunState.SUCCEEDED)
    stage.runs.age(run.id, timedelta(hours=3))
    window = stage.open()
    window.router.run("rollback.open")
    window.rollback.list.setFocus()
    window.rollback.list.choose(run.id)
    QTest.keyClick(window.rollback.list, Qt.Key.Key_Return)
    qtbot.waitUntil(window.rollback.run.isVisible)
    assert window.rollback.run.steps.rowCount() == 10


def test_an_interrupted_rollback_is_shown_once_and_can_go_on(stage: Stage, qtbot: QtBot) -> None:
    stage.stack.current = stacks.healthy
    options = RollbackOptions(scope=RollbackScope.SERVICES)
    run = rollback_run("sandbox", options, stage.clock(), RunState.INTERRUPTED)
    stage.runs.keep(run)
    window = stage.open()
    window.router.run("rollback.open")
    assert window.rollback.run.resume_button.isVisible()
    assert not window.rollback.run.back_out_button.isVisible()
    other = stage.keep_run(11, RunState.SUCCEEDED)
    stage.console.rollback.follow(other.id)
    stage.console.monitor.measure()
    assert stage.console.rollback.follower.run_id == other.id
    stage.console.rollback.follow(run.id)
    window.rollback.run.resume_button.click()
    assert stage.runs.resumed == [run.id]

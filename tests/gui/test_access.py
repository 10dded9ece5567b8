"""Read-only production in the window: visible, explicit, timed."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.contracts.errors import OperatorError
from tests.gui.sample import stack
from tests.gui.sample.stage import Stage
from views.shell.unlock_dialog import UnlockDialog


def _production(make_stage: Callable[..., Stage]) -> Stage:
    stage = make_stage("production")
    stage.stack.current = stack.healthy
    stage.open()
    return stage


def _asked(stage: Stage) -> UnlockDialog:
    stage.window.header.access.click()
    return next(each for each in stage.window.findChildren(UnlockDialog) if each.isVisible())


def test_only_production_shows_a_lock(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage("staging")
    stage.open()
    assert not stage.window.header.access.isVisible()
    assert stage.window.actions_list.reason("access.unlock") == "only production opens read-only"
    stage.console.session.select("production")
    assert stage.window.header.access.text() == "Read-only"
    assert stage.window.header.access.accessibleName() == "production is read-only. Unlock it"


def test_it_is_unlocked_by_keyboard_for_a_while_and_locks_itself(make_stage: Callable[..., Stage]) -> None:
    stage = _production(make_stage)
    actions, button = stage.window.actions_list, stage.window.header.access
    assert actions.reason("stack.stop") == "production is read-only: unlock it first"
    dialog = _asked(stage)
    assert dialog.reason.hasFocus()
    QTest.keyClicks(dialog.reason, "Release 2026.48")
    QTest.keyClick(dialog.reason, Qt.Key.Key_Return)
    assert dialog.isVisible(), "Enter does not unlock"
    assert not dialog.verb_button.isEnabled(), "the name is not typed yet"
    QTest.keyClick(dialog, Qt.Key.Key_Tab)
    dialog.minutes.setValue(5)
    dialog.typed.edit.setFocus()
    QTest.keyClicks(dialog.typed.edit, "production")
    dialog.verb_button.setFocus()
    QTest.keyClick(dialog.verb_button, Qt.Key.Key_Space)
    assert not dialog.isVisible()
    assert button.text() == "Unlocked 5 min"
    assert "Release 2026.48" in button.toolTip()
    assert actions.reason("stack.stop") == ""
    stage.clock.forward(121)
    stage.console.monitor.measure()
    assert button.text() == "Unlocked 3 min"
    stage.clock.forward(200)
    stage.console.monitor.measure()
    assert button.text() == "Read-only"
    assert actions.reason("waterfall.review") == "production is read-only: unlock it first"


def test_one_press_locks_it_again(make_stage: Callable[..., Stage]) -> None:
    stage = _production(make_stage)
    stage.console.access.unlock(30, "release")
    assert stage.window.header.access.text() == "Unlocked 30 min"
    stage.window.header.access.click()
    assert stage.window.header.access.text() == "Read-only"


def test_what_goes_wrong_is_said_in_the_dialogue(make_stage: Callable[..., Stage]) -> None:
    stage = _production(make_stage)
    stage.access.error = OperatorError("The folder cannot be written.", "Mend its permissions.")
    dialog = _asked(stage)
    dialog.reason.setText("release")
    dialog.typed.edit.setText("production")
    dialog.verb_button.click()
    assert dialog.isVisible()
    assert "cannot be written" in dialog.banner.text
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert stage.window.header.access.text() == "Read-only"

"""The triage screen: what it shows, what it asks the port, and that all of it works by keyboard."""

from collections.abc import Callable
from datetime import datetime

import pytest
from PySide6.QtCore import QDate, QDateTime, QPoint, Qt, QTime
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.contracts.dead_letter_operations import (
    DeadLetterConflictError,
    LetterControl,
    LetterEdit,
    OperationKind,
    OperationRequest,
    OperationState,
)
from backend.contracts.dead_letter_views import PageRequest
from backend.contracts.errors import OperatorError
from controllers.dead_letters_table import BLOCK, MOST_BLOCKS
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from views.dead_letters.bulk_dialog import BulkDialog
from views.dead_letters.edit_dialog import EditDialog
from views.dead_letters.reason_dialog import ReasonDialog
from views.dead_letters.view import DeadLettersView

Key = Qt.Key


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    stage = make_stage()
    stage.stack.current = stacks.healthy
    stage.open()
    return stage


@pytest.fixture
def screen(stage: Stage) -> DeadLettersView:
    stage.window.router.run("dead-letters.open")
    return stage.window.dead_letters


def last(stage: Stage, name: str) -> object:
    return next(what for act, what in reversed(stage.dead_letters.asked) if act == name)


def test_it_opens_with_the_newest_letter_and_everything_about_it(screen: DeadLettersView) -> None:
    assert screen.head.pill.text() == "● balances · 0 lost"
    assert screen.head.explanation.text().startswith("1 430 received = 214 failed".replace(" ", "\u202f", 1))
    assert [row.title for row in screen.causes.model.rows()][:2] == ["All causes", "503 from discogs"]
    assert screen.panel.letter is not None
    assert screen.panel.letter.message_id == "letter-0"
    assert '"artist_name": "deadmau5"' in screen.panel.payload.toPlainText()


def test_from_the_group_to_its_end_in_eight_keystrokes(stage: Stage, screen: DeadLettersView) -> None:
    """Open a group, look at a letter, try a sample, send the rest: counted key by key, the reason apart."""
    pressed = 0

    def press(key: Qt.Key) -> None:
        nonlocal pressed
        pressed += 1
        QTest.keyClick(QApplication.focusWidget() or screen, key)

    screen.causes.list.setFocus()
    press(Key.Key_Down)
    assert stage.console.dead_letters.selection.fingerprint == "c503"
    assert screen.panel.letter is not None
    press(Key.Key_T)
    dialog = screen.acting.dialog
    assert isinstance(dialog, BulkDialog)
    QTest.keyClicks(dialog.reason, "discogs is back")
    press(Key.Key_Return)
    operation = screen.operation.operation
    assert operation is not None
    assert operation.state is OperationState.DECIDING
    press(Key.Key_A)
    assert screen.operation.operation is not None
    assert screen.operation.operation.state is OperationState.RUNNING
    assert pressed <= 8


def test_what_is_meant_is_a_predicate_however_many(stage: Stage, screen: DeadLettersView) -> None:
    stage.dead_letters.letters = 1_000_000
    screen.controller.read_table()
    screen.table.setFocus()
    QTest.keyClick(screen.table, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(screen.table, Key.Key_Space)
    assert screen.meant.text().replace("\u202f", "") == "999999 of 1000000 selected"
    screen.discard_button.click()
    dialog = screen.acting.dialog
    assert isinstance(dialog, BulkDialog)
    dialog.reason.setText("hopeless")
    assert not dialog.verb_button.isEnabled(), "so many need the typed count"
    dialog.typed.edit.setText("999999")
    dialog.verb_button.click()
    request = last(stage, "freeze")
    assert isinstance(request, OperationRequest)
    assert (request.kind, request.selection.except_ids) == (OperationKind.DISCARD, ["letter-0"])


def test_a_retry_can_wait_for_a_provider(stage: Stage, screen: DeadLettersView) -> None:
    screen.retry_button.click()
    dialog = screen.acting.dialog
    assert isinstance(dialog, BulkDialog)
    choice = dialog.start.choice
    choices = [choice.itemText(place) for place in range(choice.count())]
    assert choices[:3] == ["now", "at a set time", "when discogs is well again"]
    choice.setCurrentIndex(2)
    dialog.start.minutes.setValue(15)
    dialog.start.left.setValue(25)
    dialog.reason.setText("after the outage")
    dialog.verb_button.click()
    request = last(stage, "freeze")
    assert isinstance(request, OperationRequest)
    assert request.options.when is not None
    when = request.options.when
    assert (when.provider, when.closed_minutes, when.budget_share) == ("discogs", 15, 0.25)
    assert request.options.not_before is None


def test_a_retry_can_start_at_a_set_time(stage: Stage, screen: DeadLettersView) -> None:
    screen.retry_button.click()
    dialog = screen.acting.dialog
    assert isinstance(dialog, BulkDialog)
    dialog.start.choice.setCurrentIndex(1)
    assert dialog.start.at.isVisible()
    dialog.start.at.setDateTime(QDateTime(QDate(2026, 11, 27), QTime(3, 30)))
    dialog.reason.setText("at night")
    dialog.verb_button.click()
    request = last(stage, "freeze")
    assert isinstance(request, OperationRequest)
    assert request.options.not_before == datetime(2026, 11, 27, 3, 30).astimezone()


def test_a_million_rows_are_reached_without_being_held(stage: Stage, screen: DeadLettersView) -> None:
    stage.dead_letters.letters = 1_000_000
    screen.controller.read_table()
    table, bar = screen.controller.table, screen.table.verticalScrollBar()
    for place in range(60):
        bar.setValue(bar.maximum() * place // 59)
        QApplication.processEvents()
        screen.table.grab()
    assert table.row_at(999_999) is not None
    assert table.held() <= BLOCK * MOST_BLOCKS
    jump = last(stage, "page")
    assert isinstance(jump, PageRequest)


def test_new_letters_do_not_move_the_row_in_focus(
    qtbot: QtBot, stage: Stage, screen: DeadLettersView
) -> None:
    screen.table.setCurrentIndex(screen.controller.table.index(7, 1))
    stage.dead_letters.letters += 312
    stage.background.streams[-1].push(stage.dead_letters.meter("sandbox"))
    qtbot.waitUntil(screen.news_button.isVisible)
    assert screen.news_button.text() == "312 new · Show"
    assert screen.table.currentIndex().row() == 7
    screen.news_button.click()
    assert screen.controller.table.total == 526


def test_a_query_that_cannot_be_read_is_told_and_not_asked(
    qtbot: QtBot, stage: Stage, screen: DeadLettersView
) -> None:
    before = len(stage.dead_letters.asked)
    screen.query.setText("artst:x")
    assert "not known" in screen.query_problem.text()
    assert screen.query_problem.isVisible()
    assert len(stage.dead_letters.asked) == before
    screen.query.setText("artist:nobody")
    assert not screen.query_problem.isVisible()
    qtbot.waitUntil(lambda: screen.controller.table.total == 0)
    assert screen.meant.text() == "No letter is shown"
    assert not screen.retry_button.isEnabled()


def test_brushing_a_time_with_the_mouse_and_by_keyboard(stage: Stage, screen: DeadLettersView) -> None:
    strip = screen.strip
    left, right = QPoint(strip.width() // 4, 20), QPoint(strip.width() // 2, 20)
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=left)
    QTest.mouseMove(strip, right)
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=right)
    selection = screen.controller.selection
    assert selection.failed_from is not None
    assert selection.failed_until is not None
    assert " of " in screen.strip_words.text()
    strip.setFocus()
    QTest.keyClick(strip, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert screen.controller.selection.failed_until is not None
    QTest.keyClick(strip, Key.Key_Escape)
    assert screen.controller.selection.failed_from is None


def test_one_letter_is_let_go_with_a_reason(stage: Stage, screen: DeadLettersView) -> None:
    screen.panel.buttons[next(c for c in screen.panel.buttons if c.value == "discard")].click()
    dialog = screen.acting.dialog
    assert isinstance(dialog, ReasonDialog)
    assert not dialog.verb_button.isEnabled()
    QTest.keyClicks(dialog.reason, "test track")
    QTest.keyClick(dialog.reason, Key.Key_Return)
    control = last(stage, "control_letter")
    assert isinstance(control, LetterControl)
    assert (control.command, control.version, control.reason) == ("discard", 3, "test track")
    assert screen.panel.state.text() == "○ discarded"
    row = screen.controller.table.row_at(0)
    assert row is not None
    assert row.state == "discarded"


def test_an_edit_keeps_what_is_typed(stage: Stage, screen: DeadLettersView) -> None:
    screen.acting.ask_edit()
    dialog = screen.acting.dialog
    assert isinstance(dialog, EditDialog)
    text = dialog.edit.toPlainText().replace("deadmau5", "Deadmau5 ")
    dialog.edit.setPlainText(text + ",")
    assert dialog.hint.text().startswith("Not JSON")
    dialog.edit.setPlainText(text)
    assert dialog.hint.text() == "Valid JSON."
    assert not dialog.retry_button.isEnabled()
    dialog.reason.setText("typo")
    dialog.retry_button.click()
    edit = last(stage, "edit")
    assert isinstance(edit, LetterEdit)
    assert edit.payload_text == text
    assert "9007199254740993" in text
    assert edit.retry


def test_an_edit_changes_nothing_that_was_not_typed(stage: Stage, screen: DeadLettersView) -> None:
    """No-break spaces, CR LF and a byte order mark are what a text widget would lose."""
    stage.dead_letters.body = '\ufeff{"title": "Caf\u00e9\u00a0del Mar"}\r\n'.encode()
    screen.controller.open("letter-0")
    screen.acting.ask_edit()
    dialog = screen.acting.dialog
    assert isinstance(dialog, EditDialog)
    dialog.reason.setText("typo")
    assert not dialog.keep_button.isEnabled(), "nothing was changed yet"
    QTest.keyClick(dialog.edit, Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(dialog.edit, " ")
    dialog.keep_button.click()
    edit = last(stage, "edit")
    assert isinstance(edit, LetterEdit)
    assert edit.payload_text == stage.dead_letters.body.decode() + " "


@pytest.mark.parametrize("body", [b"\xff\x00", b"x" * 1_000_001])
def test_what_cannot_be_edited_without_loss_is_not_offered(
    stage: Stage, screen: DeadLettersView, body: bytes
) -> None:
    stage.dead_letters.body = body
    screen.controller.open("letter-0")
    assert not screen.panel.edit_button.isVisible()
    assert "edit" in screen.panel.facts.text()
    screen.acting.ask_edit()
    assert screen.acting.dialog is None


def test_the_letter_in_focus_stays_in_focus_when_the_list_is_read_again(
    stage: Stage, screen: DeadLettersView
) -> None:
    screen.table.setCurrentIndex(screen.controller.table.index(7, 1))
    screen.controller.read_table()
    assert screen.table.currentIndex().row() == 7


def test_the_track_of_a_letter_is_looked_up(stage: Stage, screen: DeadLettersView) -> None:
    screen.panel.track_button.click()
    assert stage.window.screens.currentWidget() is stage.window.tracks
    assert stage.window.tracks.filter.text() == "t-1001"


def test_somebody_was_faster(stage: Stage, screen: DeadLettersView) -> None:
    stage.dead_letters.conflict = DeadLetterConflictError("ben retried it a moment ago.", "Look again.")
    screen.panel.buttons[next(c for c in screen.panel.buttons if c.value == "retry")].click()
    assert "ben retried it" in screen.banner.text
    screen.controller.refresh()
    assert screen.banner.isVisible(), "reading what is there now does not take it away"


def test_a_manager_that_is_gone_is_told_and_comes_back(stage: Stage, screen: DeadLettersView) -> None:
    stage.dead_letters.error = OperatorError("dlq-manager does not answer.", "Start the stack.")
    screen.controller.refresh()
    assert "does not answer" in screen.banner.text
    stage.dead_letters.error = None
    screen.controller.refresh()
    assert not screen.banner.isVisible()


def test_a_meter_that_does_not_balance_is_red(qtbot: QtBot, stage: Stage, screen: DeadLettersView) -> None:
    stage.dead_letters.lost = 2
    stage.background.streams[-1].push(stage.dead_letters.meter("sandbox"))
    qtbot.waitUntil(lambda: "missing" in screen.head.pill.text())
    assert screen.head.pill.text() == "■ does not balance: 2 missing"
    assert screen.head.pill.property("tone") == "bad"
    assert screen.notice.isVisible()
    assert screen.notice.title.text() == "2 letters missing: 1\u202f432 were received, 1\u202f430 are here."
    assert "Retry, discard and purge nothing" in screen.notice.lines.text()


def test_what_could_lose_letters_stands_where_the_meter_is(
    qtbot: QtBot, stage: Stage, screen: DeadLettersView
) -> None:
    stage.dead_letters.problems = ["PostgreSQL has no space left: letters wait in the broker."]
    stage.background.streams[-1].push(stage.dead_letters.meter("sandbox"))
    qtbot.waitUntil(screen.notice.isVisible)
    assert "no space left" in screen.notice.lines.text()
    assert screen.head.pill.text() == "● balances · 0 lost"
    stage.dead_letters.problems = []
    stage.background.streams[-1].push(stage.dead_letters.meter("sandbox"))
    qtbot.waitUntil(lambda: not screen.notice.isVisible())


def test_the_overview_says_that_letters_are_missing_and_what_to_do(stage: Stage) -> None:
    stage.stack.current = stacks.losing
    stage.console.monitor.measure()
    card = stage.window.overview.cards.dead_letters
    assert card.figure.text() == "2"
    assert card.figure.property("tone") == "bad"
    assert "missing. the meter does not balance" in card.accessibleName()


def test_an_old_meter_says_so(stage: Stage, screen: DeadLettersView) -> None:
    stage.clock.forward(30)
    stage.background.streams[-1].end(OperatorError("The live stream broke off.", "It is tried again."))
    assert screen.head.pill.text() == "◐ stale · 30 s old"


@pytest.mark.parametrize(("pending", "badge"), [(0, ""), (214, "214"), (1500, "999+"), (None, "")])
def test_the_navigation_says_how_many_wait(stage: Stage, pending: int | None, badge: str) -> None:
    stage.window.navigation.show_letters(pending)
    assert stage.window.navigation.buttons["dead-letters.open"].badge == badge


def test_the_breakers_lead_to_the_letters_of_a_provider(stage: Stage) -> None:
    stage.window.router.run("breakers.open")
    stage.window.breakers.detail.letters_asked.emit("deezer")
    assert stage.window.screens.currentWidget() is stage.window.dead_letters
    assert stage.console.dead_letters.selection.query == "provider:deezer"


def test_letters_that_came_after_the_preview_are_not_acted_on(stage: Stage, screen: DeadLettersView) -> None:
    screen.discard_button.click()
    dialog = screen.acting.dialog
    assert isinstance(dialog, BulkDialog)
    dialog.reason.setText("hopeless")
    stage.dead_letters.letters += 5
    dialog.verb_button.click()
    assert "219 letters now, not on the 214 that you saw" in screen.banner.text
    assert stage.dead_letters.operations_made[0].state is OperationState.CANCELLED


def test_a_note_stays_with_the_cause(stage: Stage, screen: DeadLettersView) -> None:
    screen.controller.choose_cause("c503")
    screen.acting.ask_note()
    dialog = screen.acting.dialog
    assert dialog is not None
    dialog.note.setPlainText("key was rotated")  # type: ignore[attr-defined]
    dialog.keep_button.click()  # type: ignore[attr-defined]
    assert stage.dead_letters.notes["c503"].note == "key was rotated"
    assert "key was rotated" in screen.why.text()

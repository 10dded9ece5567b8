"""What an operator does to breakers on their screen: dialogues, conflicts, answers."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backend.contracts.control import ControlAction
from backend.contracts.errors import OperatorError
from backend.contracts.providers import BreakerState
from controllers.breakers_rows import Column
from tests.gui.breakers_on_screen import Opened, cell, dialog_of
from tests.gui.sample import providers as samples
from tests.gui.scenes import somebody_was_first
from views.breakers.control_dialog import ControlDialog
from views.breakers.reset_all import ResetAllDialog


def test_forcing_open_wants_a_reason_and_shows_the_answer_at_once(opened: Opened) -> None:
    stage = opened()
    stage.console.breakers.select("spotify")
    dialog = dialog_of(stage, "breakers.force-open")
    assert not dialog.verb_button.isEnabled()
    dialog.reason.setText("Contract ended")
    dialog.minutes.setValue(120)
    dialog.verb_button.click()
    ((name, request),) = stage.providers.requests
    assert (name, request.action, request.minutes) == ("spotify", ControlAction.FORCE_OPEN, 120)
    assert (request.author, request.reason, request.expected_epoch) == ("mira@desk", "Contract ended", 6)
    assert cell(stage, "spotify", Column.STATE) == "Forced open, by mira@desk, 2 h"
    assert stage.window.breakers.detail.forced.text.startswith("Forced open by mira@desk until ")
    assert stage.window.toasts.texts() == ["Forced open: spotify."]
    assert stage.window.breakers.dialog is None


def test_news_from_before_the_action_do_not_show_the_state_before(opened: Opened, qtbot: QtBot) -> None:
    stage = opened()
    before = samples.failing(stage.clock() + timedelta(milliseconds=50))
    stage.console.breakers.select("spotify")
    dialog = dialog_of(stage, "breakers.disable")
    dialog.reason.setText("Under test")
    dialog.verb_button.click()
    heard: list[object] = []
    stage.console.breakers.changed.connect(heard.append)
    stage.background.streams[-1].push(before)
    qtbot.waitUntil(lambda: bool(heard))
    assert cell(stage, "spotify", Column.STATE).startswith("Disabled")
    stage.clock.forward(3)
    heard.clear()
    stage.background.streams[-1].push(samples.failing(stage.clock()))
    qtbot.waitUntil(lambda: bool(heard))
    assert cell(stage, "spotify", Column.STATE) == "Closed", "what the gateway goes on to say counts"


def test_production_wants_its_name_typed(opened: Opened) -> None:
    stage = opened("production")
    dialog = dialog_of(stage, "breakers.force-open")
    dialog.reason.setText("Contract ended")
    assert not dialog.verb_button.isEnabled()
    dialog.typed.edit.setText("production")
    assert dialog.verb_button.isEnabled()


@pytest.mark.parametrize(
    ("name", "action", "shown"),
    [
        ("deezer", "breakers.disable", True),
        ("lastfm", "breakers.close", True),
        ("lastfm", "breakers.force-open", True),
        ("itunes", "breakers.force-open", False),
    ],
)
def test_dangerous_actions_show_the_present_window(
    opened: Opened, name: str, action: str, shown: bool
) -> None:
    stage = opened()
    stage.console.breakers.select(name)
    dialog = dialog_of(stage, action)
    assert dialog.window_text.isVisible() is shown
    if name == "lastfm":
        assert "17 of 22 calls failed in 60 s" in dialog.window_text.text()
        assert "3 throttled" in dialog.window_text.text()


def test_who_comes_second_sees_what_changed_and_decides_anew(opened: Opened) -> None:
    stage = opened()
    stage.console.breakers.select("lastfm")
    dialog = dialog_of(stage, "breakers.close")
    dialog.reason.setText("It is back")
    somebody_was_first(stage, "lastfm")
    stage.providers.requests.clear()
    dialog.verb_button.click()
    assert dialog.conflict.isVisible()
    assert dialog.conflict.title.text() == "Somebody changed lastfm before you. Nothing was done."
    assert not dialog.verb_button.isEnabled()
    stage.providers.control_error = None
    dialog.conflict.again_button.click()
    assert not dialog.conflict.isVisible()
    assert dialog.reason.text() == "It is back"
    dialog.verb_button.click()
    ((_, request),) = stage.providers.requests
    assert request.expected_epoch == 4


def test_a_breaker_that_moves_by_itself_does_not_keep_an_operator_back(opened: Opened, qtbot: QtBot) -> None:
    stage = opened()
    stage.console.breakers.select("lastfm")
    dialog = dialog_of(stage, "breakers.force-open")
    dialog.reason.setText("They announced maintenance")
    stage.clock.forward(1)
    live = samples.failing(stage.clock())
    probing = {"state": BreakerState.HALF_OPEN, "epoch": 4, "calls_in_window": 23}
    lastfm = live.providers["lastfm"]
    moved = lastfm.model_copy(update={"circuit_breaker": lastfm.circuit_breaker.model_copy(update=probing)})
    stage.background.streams[-1].push(
        live.model_copy(update={"providers": {**live.providers, "lastfm": moved}})
    )
    qtbot.waitUntil(lambda: "17 of 23 calls failed" in dialog.window_text.text())
    dialog.verb_button.click()
    ((_, request),) = stage.providers.requests
    assert request.expected_epoch == 4
    assert request.reason == "They announced maintenance"


def test_what_another_operator_did_is_not_followed_unseen(opened: Opened, qtbot: QtBot) -> None:
    stage = opened()
    stage.console.breakers.select("spotify")
    dialog = dialog_of(stage, "breakers.disable")
    dialog.reason.setText("Under test")
    somebody_was_first(stage, "spotify")
    stage.providers.requests.clear()
    stage.console.breakers.feed.look_again()
    assert cell(stage, "spotify", Column.STATE).startswith("Forced open")
    dialog.verb_button.click()
    assert stage.providers.requests == []
    assert dialog.conflict.isVisible()


def test_a_refusal_is_told_where_it_was_asked(opened: Opened) -> None:
    stage = opened()
    stage.providers.control_error = OperatorError("The gateway refused the token.", "Deploy again.")
    dialog = dialog_of(stage, "breakers.shadow")
    dialog.reason.setText("Trying thresholds")
    dialog.verb_button.click()
    assert dialog.banner.text == "The gateway refused the token.\nDeploy again."
    assert dialog.verb_button.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    stage.window.router.run("breakers.probe")
    assert stage.window.breakers.banner.text == "The gateway refused the token.\nDeploy again."


def test_a_test_call_needs_no_dialogue(opened: Opened) -> None:
    stage = opened()
    stage.window.breakers.detail.probe_button.click()
    ((name, request),) = stage.providers.requests
    assert (name, request.action, request.reason) == (
        "discogs",
        ControlAction.PROBE,
        "Test call from the console",
    )


def test_release_ends_a_forced_state(opened: Opened) -> None:
    stage = opened()
    stage.console.breakers.select("beatport")
    stage.window.breakers.detail.forced.release_button.click()
    dialog = stage.window.breakers.dialog
    assert isinstance(dialog, ControlDialog)
    dialog.reason.setText("Their data is right again")
    dialog.verb_button.click()
    assert cell(stage, "beatport", Column.STATE) == "Closed"
    assert not stage.window.breakers.detail.forced.isVisible()


def test_all_that_is_not_closed_is_reset_with_one_reason(opened: Opened) -> None:
    stage = opened()
    stage.window.breakers.reset_all_button.click()
    dialog = stage.window.breakers.dialog
    assert isinstance(dialog, ResetAllDialog)
    assert dialog.names == ["discogs", "lastfm", "beatport"]
    dialog.reason.setText("After the network came back")
    dialog.verb_button.click()
    assert [name for name, _ in stage.providers.requests] == dialog.names
    assert stage.window.toasts.texts() == ["Reset: discogs, lastfm, beatport."]
    assert not stage.window.breakers.reset_all_button.isEnabled()

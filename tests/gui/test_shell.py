"""Palette, shortcuts, environments, freshness, theme, toasts, geometry."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from backend.contracts.provider_registry import REGISTRATIONS
from controllers.monitor import Freshness
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from views.shell.actions import ACTIONS
from views.shell.command_palette import CommandPalette
from views.shell.geometry import WindowMemory, clamped
from views.shell.navigation import ENTRIES
from views.shell.shortcut_sheet import ShortcutSheet
from views.widgets.confirm import ConfirmOverlay


def palette(stage: Stage, qtbot: QtBot) -> CommandPalette:
    QTest.keyClick(stage.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    found = stage.window.findChild(CommandPalette)
    assert found is not None
    return found


def test_the_palette_finds_and_runs(stage: Stage, qtbot: QtBot) -> None:
    stage.stack.current = stacks.healthy
    window = stage.open()
    found = palette(stage, qtbot)
    assert found.model.rowCount() >= len(ACTIONS)
    QTest.keyClicks(found.edit, "strobe")
    assert found.model.rows()[0].key == "end-to-end.open"
    QTest.keyClick(found.edit, Qt.Key.Key_Return)
    assert window.screens.currentWidget() is window.end_to_end
    assert not found.isVisible()


def test_the_palette_says_why_something_cannot_be_done(stage: Stage, qtbot: QtBot) -> None:
    stage.open()
    found = palette(stage, qtbot)
    QTest.keyClicks(found.edit, "stop stack")
    assert found.model.rows()[0].trailing == "nothing is deployed here yet"
    QTest.keyClick(found.edit, Qt.Key.Key_Return)
    assert stage.stack.calls == []
    assert found.isVisible()
    QTest.keyClick(found.edit, Qt.Key.Key_Escape)
    assert not found.isVisible()


def test_the_palette_switches_the_environment(stage: Stage, qtbot: QtBot) -> None:
    window = stage.open()
    found = palette(stage, qtbot)
    QTest.keyClicks(found.edit, "environment prod")
    QTest.keyClick(found.edit, Qt.Key.Key_Return)
    assert window.windowTitle() == "PRODUCTION · Production — SongNodes Console"
    assert window.header.tier.text() == "PRODUCTION"
    assert window.header.band.property("tier") == "production"


@pytest.mark.parametrize(
    ("place", "screen"), [(1, "overview"), (2, "deploy"), (3, "rollback"), (4, "breakers"), (9, "settings")]
)
def test_ctrl_and_a_number_open_the_screens(stage: Stage, qtbot: QtBot, place: int, screen: str) -> None:
    window = stage.open()
    QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + place), Qt.KeyboardModifier.ControlModifier)
    assert window.screens.currentWidget() is getattr(window, screen)
    assert window.navigation.buttons[f"{screen}.open"].isChecked()


def test_f1_lists_every_shortcut(stage: Stage, qtbot: QtBot) -> None:
    window = stage.open()
    QTest.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    assert sheet.isVisible()


def test_f5_measures_at_once(stage: Stage, qtbot: QtBot) -> None:
    window = stage.open()
    stage.stack.current = stacks.healthy
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert window.status.release.text() == "Release 2026.11.23-3"


def test_navigation_shows_only_screens_that_work() -> None:
    assert [entry[1] for entry in ENTRIES] == [
        "Overview",
        "Deploy",
        "Rollback",
        "Circuit breakers",
        "Waterfall",
        "Tracks",
        "Dead letters",
        "Settings",
    ]


def test_every_action_is_routed(stage: Stage) -> None:
    window = stage.open()
    for spec in ACTIONS:
        assert spec.id in window.router._routes


def test_old_measurements_are_said_to_be_old(stage: Stage) -> None:
    stage.stack.current = stacks.healthy
    window = stage.open()
    stage.stack.error = OperatorError("PostgreSQL does not answer.", "Start the stack.")
    stage.clock.forward(20)
    stage.console.monitor.measure()
    assert stage.console.monitor.snapshot.freshness is Freshness.STALE
    assert window.header.freshness.accessibleName() == "Stale · 20 s old"
    assert window.overview.banner.text == "PostgreSQL does not answer.\nStart the stack."
    assert window.overview.cards.services.figure.text() == "4"
    stage.clock.forward(40)
    stage.console.monitor.measure()
    assert window.header.freshness.accessibleName() == "Unknown · no data for 1 min 0 s"
    assert window.overview.cards.services.unit.text() == "Unknown"
    assert window.status.release.text() == "Release unknown"


def test_a_hidden_window_asks_nothing(stage: Stage) -> None:
    window = stage.open()
    assert stage.console.monitor._poll.isActive()
    window.hide()
    assert not stage.console.monitor._poll.isActive()


def test_stopping_production_wants_its_name(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage("production")
    stage.stack.current = stacks.healthy
    window = stage.open()
    window.router.run("stack.stop")
    overlay = window.findChild(ConfirmOverlay)
    assert overlay is not None
    overlay.verb_button.click()
    assert stage.stack.calls == []
    overlay.typed.edit.setText("production")
    overlay.verb_button.click()
    assert stage.stack.calls == ["down production"]
    assert window.toasts.texts() == ["The stack is stopped. Its data stays."]


def test_the_theme_is_switched_and_kept(stage: Stage) -> None:
    window = stage.open()
    window.router.run("theme.light")
    assert window.theme.tokens.name == "light"
    assert stage.settings.kept_theme == "light"


def test_credentials_go_to_the_store_and_leave_the_screen(stage: Stage) -> None:
    window = stage.open()
    window.router.run("settings.open")
    card = window.settings.credentials
    entry = next(each for each in card.children() if getattr(each, "_name", "") == "spotify_client_id")
    entry.edit.setText("sentinel-4711")  # type: ignore[attr-defined]
    entry.set_button.click()  # type: ignore[attr-defined]
    assert stage.settings.credentials["spotify_client_id"] == "sentinel-4711"
    shown = [text for widget in window.findChildren(type(entry.edit)) for text in [widget.text()]]  # type: ignore[attr-defined]
    assert "sentinel-4711" not in shown
    assert "spotify_client_id" in window.toasts.texts()[-1]


def test_every_provider_says_what_it_needs_an_account_for(stage: Stage) -> None:
    window = stage.open()
    window.router.run("settings.open")
    live = {}
    for registration in REGISTRATIONS:
        box = window.settings.providers.findChild(QComboBox, f"mode-{registration.name}")
        assert box is not None, registration.name
        live[registration.name] = box.itemText(1)
    assert live["musicbrainz"] == "Live (no account needed)"
    assert live["discogs"] == "Live (its search needs an account)"
    assert live["spotify"] == "Live (needs an account)"


def test_windows_come_back_inside_the_screen() -> None:
    screen = QRect(0, 0, 1920, 1080)
    assert clamped(QRect(3000, 200, 1440, 900), screen) == QRect(480, 180, 1440, 900)
    assert clamped(QRect(-50, -20, 1440, 900), screen) == QRect(0, 0, 1440, 900)
    assert clamped(QRect(0, 0, 4000, 3000), screen) == screen


def test_the_environment_is_remembered(make_stage: Callable[..., Stage], tmp_path: Path) -> None:
    stage = make_stage("staging")
    stage.open()
    stage.window.close()
    assert WindowMemory(tmp_path / "desktop.ini").environment() == "staging"


def test_the_details_of_a_problem_are_copied(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.stack.current = stacks.troubled
    window = stage.open()
    window.overview.attention._on_pressed(3)
    assert "backup" in QApplication.clipboard().text().lower()
    assert window.toasts.texts() == ["Copied the details."]


def test_dead_letters_that_wait_are_one_press_away(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.stack.current = stacks.troubled
    window = stage.open()
    assert window.navigation.buttons["dead-letters.open"].badge == "214"
    window.overview.attention._on_pressed(1)
    assert window.screens.currentWidget() is window.dead_letters


def test_a_first_start_shows_problems_too(stage: Stage) -> None:
    stage.stack.current = stacks.broken_profile
    window = stage.open()
    assert window.overview.first_start.isVisible()
    assert window.overview.first_start.attention.isVisible()
    assert window.header.alerts.text() == "1 alert"
    stage.stack.current = stacks.nothing_deployed
    stage.console.monitor.measure()
    assert not window.overview.first_start.attention.isVisible()

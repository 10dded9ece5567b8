"""The circuit-breaker screen over sample providers."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.contracts.live import BreakerTransition
from backend.contracts.providers import BreakerState
from controllers.breakers_conditions import Condition
from controllers.breakers_rows import Column
from tests.gui.breakers_on_screen import Opened, cell
from tests.gui.sample import providers as samples
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from tests.gui.scenes import GATEWAY_GONE


def test_what_needs_somebody_is_selected_first(opened: Opened) -> None:
    stage = opened()
    assert stage.console.breakers.selection == "discogs"
    assert stage.window.breakers.detail.caption.text() == "discogs"
    assert (
        stage.window.breakers.head.explanation.text()
        == "8 providers · 2 gateway replicas share one state · calls counted by one of them"
    )


def test_the_navigation_counts_what_is_not_closed_on_every_screen(opened: Opened) -> None:
    stage = opened()
    entry = stage.window.navigation.buttons["breakers.open"]
    stage.window.router.run("overview.open")
    assert (entry.badge, entry.accessibleName()) == ("3", "Circuit breakers, 3 not closed")
    stage.providers.current = samples.healthy
    stage.console.breakers.feed.look_again()
    assert (entry.badge, entry.accessibleName()) == ("", "Circuit breakers, all closed")


def test_a_change_in_the_gateway_is_on_the_screen_when_it_is_told(opened: Opened, qtbot: QtBot) -> None:
    stage = opened()
    assert cell(stage, "spotify", Column.STATE) == "Closed"
    stage.clock.forward(0.2)
    live = samples.failing(stage.clock())
    spotify = live.providers["spotify"]
    breaker = spotify.circuit_breaker.model_copy(
        update={
            "state": BreakerState.OPEN,
            "epoch": 7,
            "since": stage.clock(),
            "retry_at": stage.clock() + timedelta(seconds=15),
        }
    )
    changed = spotify.model_copy(update={"circuit_breaker": breaker})
    stage.background.streams[-1].push(
        live.model_copy(update={"providers": {**live.providers, "spotify": changed}})
    )
    qtbot.waitUntil(lambda: cell(stage, "spotify", Column.STATE) == "Open, probe in 15 s")
    assert stage.window.navigation.buttons["breakers.open"].badge == "4"


def test_transitions_are_spoken(opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = opened()
    spoken: list[str] = []
    monkeypatch.setattr("views.breakers.view.announce", lambda _widget, text: spoken.append(text))
    stage.background.streams[-1].push(
        BreakerTransition(
            provider="discogs",
            endpoint="search",
            from_state=BreakerState.HALF_OPEN,
            to_state=BreakerState.CLOSED,
            reason="2 good probes",
            epoch=10,
            at=stage.clock(),
        )
    )
    qtbot.waitUntil(lambda: spoken == ["discogs search went from half-open to closed: 2 good probes"])


def test_the_probe_counts_down_without_asking(opened: Opened) -> None:
    stage = opened()
    stage.console.breakers.select("lastfm")
    asked = len(stage.providers.asked)
    detail = stage.window.breakers.detail
    for seconds in (12, 11, 10):
        assert detail.facts.texts()["Next probe"] == f"in {seconds} s"
        stage.clock.forward(1)
        stage.console.breakers.feed.publish()
    assert len(stage.providers.asked) == asked


def test_old_green_is_never_kept(opened: Opened) -> None:
    stage = opened()
    breakers = stage.window.breakers
    stage.clock.forward(8)
    stage.console.breakers.feed.publish()
    assert breakers.freshness.accessibleName() == "Stale · 8 s old"
    assert cell(stage, "spotify", Column.STATE) == "Closed"
    stage.clock.forward(40)
    stage.console.breakers.feed.publish()
    assert {row.condition for row in stage.console.breakers.table.rows()} == {Condition.UNKNOWN}
    assert stage.window.navigation.buttons["breakers.open"].accessibleName().endswith("state unknown")
    assert not breakers.reset_all_button.isEnabled()
    assert not breakers.detail.force_button.isEnabled()
    assert breakers.detail.facts.texts() == {"State": "Unknown · no data for 48 s"}


def test_nothing_deployed_and_no_gateway_say_so(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.open()
    stage.window.router.run("breakers.open")
    empty = stage.window.breakers.empty
    assert (empty.title.text(), empty.button.text()) == ("Nothing is deployed here yet", "Deploy…")
    stage.stack.current = stacks.healthy
    stage.providers.error = GATEWAY_GONE
    stage.console.monitor.measure()
    assert (empty.title.text(), empty.button.text()) == ("The gateway does not answer", "Look again")
    assert GATEWAY_GONE.remedy in empty.explanation.text()
    stage.providers.error = None
    empty.button.click()
    assert not empty.isVisible()
    assert stage.window.breakers.table.isVisible()


def test_the_filter_finds_names_and_states_and_can_be_cleared(opened: Opened) -> None:
    stage = opened()
    view = stage.window.breakers
    QTest.keyClick(view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.filter.hasFocus()
    QTest.keyClicks(view.filter, "open")
    assert [row.name for row in view.table.shown_rows()] == ["discogs", "lastfm", "beatport"]
    view.filter.setText("cooling")
    assert [row.name for row in view.table.shown_rows()] == ["lastfm"]
    view.filter.setText("napster")
    assert view.none_found.title.text() == "No provider matches"
    view.none_found.button.click()
    assert len(view.table.shown_rows()) == 8


def test_columns_sort_by_what_they_mean(opened: Opened) -> None:
    stage = opened()
    table = stage.window.breakers.table
    table.sortByColumn(Column.CALLS, Qt.SortOrder.DescendingOrder)
    assert [row.name for row in table.shown_rows()][:3] == ["spotify", "deezer", "musicbrainz"]
    table.sortByColumn(Column.STATE, Qt.SortOrder.AscendingOrder)
    assert [row.name for row in table.shown_rows()][:3] == ["lastfm", "beatport", "discogs"]
    assert table.current_row().name == "discogs", "the selection stays with its provider"  # type: ignore[union-attr]


def test_the_keyboard_moves_and_copies(opened: Opened) -> None:
    stage = opened()
    table = stage.window.breakers.table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert stage.console.breakers.selection == "lastfm"
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["Provider", "lastfm"]
    QTest.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(QApplication.clipboard().text().splitlines()) == 9


def test_a_row_is_copied_as_json_and_as_curl(opened: Opened) -> None:
    stage = opened()
    actions = {action.text(): action for action in stage.window.breakers.table.menu().actions()}
    actions["Copy as JSON"].trigger()
    assert json.loads(QApplication.clipboard().text())["circuit_breaker"]["state"] == "half_open"
    actions["Copy as curl"].trigger()
    line = QApplication.clipboard().text()
    assert line.endswith("http://127.0.0.1:9022/admin/providers")
    assert "$SONGNODES_ADMIN_TOKEN" in line


def test_the_chart_shades_and_follows_the_range(opened: Opened, qtbot: QtBot) -> None:
    stage = opened()
    chart = stage.window.breakers.chart
    assert chart.legend.text() == "Red: open · Amber: half-open · Line: threshold 50 % over at least 15 calls"
    assert len(chart._shades) == 2
    chart.ranges[2].click()
    assert stage.console.breakers.readings.minutes == 24 * 60
    assert chart._history is not None
    assert chart._history.slice_seconds == 24 * 60
    stage.console.breakers.select("spotify")
    assert chart._shades == []


def test_a_tick_does_not_draw_the_chart(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = opened()
    drawn: list[object] = []
    monkeypatch.setattr(stage.window.breakers.chart, "_draw_curve", drawn.append)
    for _ in range(5):
        stage.clock.forward(1)
        stage.console.breakers.feed.publish()
    assert drawn == []


def test_histories_are_read_only_while_the_screen_is_shown(opened: Opened) -> None:
    stage = opened()
    assert stage.console.breakers.readings._again.isActive()
    stage.window.router.run("overview.open")
    assert not stage.console.breakers.readings._again.isActive()


def test_nothing_is_done_on_a_state_that_is_unknown(opened: Opened) -> None:
    stage = opened()
    stage.clock.forward(60)
    stage.console.breakers.feed.publish()
    stage.window.router.run("breakers.force-open")
    assert stage.window.breakers.dialog is None
    assert stage.window.breakers.banner.text == "The state of discogs is unknown. Nothing was done."


def test_the_overview_leads_to_the_breakers(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.stack.current = stacks.troubled
    window = stage.open()
    window.overview.attention._on_pressed(2)
    assert window.screens.currentWidget() is window.breakers


def test_another_environment_forgets_the_providers(opened: Opened) -> None:
    stage = opened()
    stage.providers.error = GATEWAY_GONE
    stage.console.session.select("production")
    assert stage.console.breakers.table.rowCount(QModelIndex()) == 0
    assert stage.window.breakers.empty.isVisible()

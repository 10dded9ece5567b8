"""The tracks screen over sample ports."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from backend.contracts.replay import ReplayRunStatus
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from views.tracks.import_dialog import ImportDialog
from views.tracks.replay_dialog import ReplayDialog
from views.tracks.view import TracksView

pytestmark = pytest.mark.gui

GONE = OperatorError("metadata-enrichment does not answer.", "Start the stack: main.py up")


@pytest.fixture
def view(stage: Stage) -> TracksView:
    """The screen, shown."""
    stage.stack.current = stacks.healthy
    stage.open().router.run("tracks.open")
    return stage.window.tracks


def titles(card: object) -> list[str]:
    return [row.title for row in card.model.rows()]  # type: ignore[attr-defined]


def test_the_newest_track_opens_by_itself(view: TracksView) -> None:
    assert titles(view.found)[0] == "deadmau5 – Strobe"
    assert "deadmau5 – Strobe" in view.head.explanation.text()
    assert "label" in titles(view.panel.fields)


def test_typing_finds_once_it_has_paused(view: TracksView, qtbot: QtBot) -> None:
    view.filter.setText("opus")
    qtbot.waitUntil(lambda: titles(view.found) == ["Eric Prydz – Opus"])
    view.filter.setText("no such thing")
    qtbot.waitUntil(lambda: view.found.nothing == "No stored track contains “no such thing”.")


def test_choosing_a_field_shows_its_walk_and_lineage(view: TracksView) -> None:
    view.panel.fields.list.choose("label")
    assert titles(view.panel.walk) == ["1. musicbrainz", "2. discogs"]
    assert titles(view.panel.lineage)[0] == "mau5trap"


def test_choosing_a_candidate_shows_its_evidence(view: TracksView) -> None:
    assert titles(view.panel.evidence)[:2] == ["title", "artist"]
    gated = next(row for row in view.panel.candidates.model.rows() if "Radio Edit" in row.title)
    view.panel.candidates.list.choose(gated.key)
    assert titles(view.panel.evidence) == ["other version"]
    view.panel.sources.list.choose("itunes")
    assert view.panel.candidates.nothing == "It named no track."
    assert view.panel.evidence.nothing == "Choose a candidate."


def test_asking_needs_artist_and_title(view: TracksView) -> None:
    view.asking.title.clear()
    assert not view.asking.ask_button.isEnabled()
    view.asking.artist.setText("Orbital")
    view.asking.title.setText("Chime")
    QTest.keyClick(view.asking.title, Qt.Key.Key_Return)
    assert "asked just now" in view.head.explanation.text()
    assert view.panel.lineage.nothing.startswith("Asked for just now")
    # The same stored track can be opened again.
    view.found.list.choose("t-1001")
    assert titles(view.panel.lineage)


def test_a_service_that_is_away_is_said_and_not_taken_for_no_tracks(stage: Stage) -> None:
    stage.stack.current = stacks.healthy
    stage.tracks.error = GONE
    stage.open().router.run("tracks.open")
    view = stage.window.tracks
    assert "does not answer" in view.banner.text
    assert view.found.nothing == "Stored tracks cannot be read now."
    stage.tracks.error = None
    stage.window.router.run("refresh")
    assert not view.banner.isVisible()
    assert titles(view.found)


def test_where_nothing_is_deployed_nobody_is_asked(stage: Stage) -> None:
    stage.tracks.error = GONE
    stage.open().router.run("tracks.open")
    view = stage.window.tracks
    assert view.nothing_deployed.isVisible()
    assert not view.banner.isVisible()
    view.nothing_deployed.button.click()
    assert stage.window.screens.currentWidget() is stage.window.deploy
    stage.tracks.error, stage.stack.current = None, stacks.healthy
    stage.console.monitor.measure()
    stage.window.router.run("tracks.open")
    assert titles(view.found)


def test_a_file_is_checked_before_anything_is_queued(view: TracksView, stage: Stage) -> None:
    stage.window.router.run("tracks.import")
    dialog = view.dialog
    assert isinstance(dialog, ImportDialog)
    assert not dialog.import_button.isEnabled()
    dialog.check("tracks.csv")
    assert "2 tracks to import, of 3 rows" in dialog.summary.text()
    assert titles(dialog.bad) == ["Line 4: track_title: Field required"]
    dialog.import_button.click()
    assert "2 tracks queued" in dialog.summary.text()
    assert not dialog.import_button.isEnabled()
    dialog.cancel_button.click()
    assert view.dialog is None


def test_a_file_that_cannot_be_read_is_named(view: TracksView, stage: Stage) -> None:
    stage.window.router.run("tracks.import")
    dialog = view.dialog
    assert isinstance(dialog, ImportDialog)
    stage.tracks.error = OperatorError("tracks.txt is neither CSV nor JSON Lines.", "Name it .csv or .jsonl.")
    dialog.check("tracks.txt")
    assert "neither CSV nor JSON Lines" in dialog.banner.text
    assert not dialog.import_button.isEnabled()


def test_a_replay_needs_a_reason_and_can_be_cancelled(view: TracksView, stage: Stage) -> None:
    stage.window.router.run("tracks.replay")
    dialog = view.dialog
    assert isinstance(dialog, ReplayDialog)
    assert not dialog.start_button.isEnabled()
    dialog.one.setChecked(True)
    dialog.reason.setText("The label of one track")
    dialog.start_button.click()
    assert titles(dialog.runs) == ["The label of one track"]
    dialog.stop_button.click()
    assert stage.tracks.runs[0].status is ReplayRunStatus.CANCELLED
    assert not dialog.stop_button.isEnabled()


def test_replays_are_read_again_only_while_one_is_at_work(view: TracksView, stage: Stage) -> None:
    stage.console.tracks.replays.start(track_ids=None, promote=False, reason="x")
    stage.window.router.run("tracks.replay")
    timer = stage.console.tracks.replays._timer
    assert timer.isActive()
    stage.tracks.runs[0] = stage.tracks.runs[0].model_copy(update={"status": ReplayRunStatus.COMPLETED})
    stage.console.tracks.replays.refresh()
    assert not timer.isActive()

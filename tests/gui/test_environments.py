"""The environment editor in a window: list, form, test, save, remove."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit

from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState
from tests.gui.sample import stack
from tests.gui.sample.profiles import FINDINGS, report
from tests.gui.sample.stage import Stage
from views.environments.view import EnvironmentsView


@pytest.fixture
def editor(make_stage: Callable[..., Stage]) -> tuple[Stage, EnvironmentsView]:
    stage = make_stage("staging")
    stage.stack.current = stack.healthy
    stage.open()
    stage.window.router.run("environments.open")
    return stage, stage.window.environments


def line(view: EnvironmentsView, field: str) -> QLineEdit:
    found = view.form.rows[field].editor
    assert isinstance(found, QLineEdit)
    return found


def choose(view: EnvironmentsView, field: str, value: str) -> None:
    box = view.form.rows[field].editor
    assert isinstance(box, QComboBox)
    box.setFocus()
    place = box.findData(value)
    assert place >= 0
    while box.currentIndex() != place:
        key = Qt.Key.Key_Down if box.currentIndex() < place else Qt.Key.Key_Up
        QTest.keyClick(box, key)


def texts(view: EnvironmentsView) -> str:
    QApplication.processEvents()
    return "\n".join(each.text() for each in view.connection.findChildren(QLabel) if each.isVisible())


def test_the_header_leads_to_it_and_the_list_shows_all(editor: tuple[Stage, EnvironmentsView]) -> None:
    stage, view = editor
    stage.window.router.run("overview.open")
    stage.window.header.management_asked.emit()
    assert view.isVisible()
    assert [row.title for row in view.list.model.rows()] == ["Sandbox", "Staging", "Production"]
    assert view.list.model.rows()[2].spoken == "Production, production, Docker Compose · 10.20.0.9"


def test_one_is_added_by_keyboard_and_nothing_is_written_before(
    editor: tuple[Stage, EnvironmentsView],
) -> None:
    stage, view = editor
    view.add_button.setFocus()
    QTest.keyClick(view.add_button, Qt.Key.Key_Space)
    assert view.form.name.hasFocus()
    assert not view.save_button.isEnabled()
    assert not view.form.name_problem.isVisible(), "a name that was not begun is no mistake"
    QTest.keyClicks(view.form.name, "Berlin")
    assert "a letter first" in view.form.name_problem.text()
    view.form.name.selectAll()
    QTest.keyClicks(view.form.name, "berlin")
    choose(view, "kind", "compose")
    assert line(view, "compose.docker_host").isVisible()
    QTest.keyClicks(line(view, "compose.docker_host"), "ssh://ops@berlin")
    choose(view, "tier", "staging")
    assert "berlin" not in stage.profiles.kept
    QTest.keyClick(view.save_button, Qt.Key.Key_Space)
    assert stage.profiles.kept["berlin"] == {
        "kind": "compose",
        "tier": "staging",
        "compose.docker_host": "ssh://ops@berlin",
    }
    assert view.list.list.chosen() == "berlin"
    assert view.form.name.isReadOnly()


def test_what_is_wrong_stands_at_its_field_and_nothing_can_be_saved(
    editor: tuple[Stage, EnvironmentsView],
) -> None:
    stage, view = editor
    stage.console.environments.select("staging")
    gateway = line(view, "ports.gateway")
    gateway.selectAll()
    QTest.keyClicks(gateway, "8020")
    row = view.form.rows["ports.gateway"]
    assert row.problem.text() == "8020 is also the port of enrichment."
    assert gateway.accessibleDescription() == row.problem.text()
    assert not view.save_button.isEnabled()
    assert not view.connection.button.isEnabled()
    view.discard_button.click()
    assert gateway.text() == "9022"
    assert not row.problem.isVisible()
    assert not view.discard_button.isEnabled()


def test_drafts_stay_when_another_one_is_looked_at(editor: tuple[Stage, EnvironmentsView]) -> None:
    stage, view = editor
    stage.console.environments.select("staging")
    QTest.keyClicks(line(view, "watch_minutes"), "15")
    view.list.list.choose("sandbox")
    assert line(view, "watch_minutes").text() == ""
    assert "changes not saved" in view.list.model.rows()[1].subtitle
    stage.window.router.run("overview.open")
    stage.window.router.run("environments.open")
    view.list.list.choose("staging")
    assert line(view, "watch_minutes").text() == "15"


def test_a_test_shows_findings_as_they_come_and_forgets_them_when_something_changes(
    editor: tuple[Stage, EnvironmentsView],
) -> None:
    stage, view = editor
    stage.console.environments.select("staging")
    host = line(view, "host")
    host.selectAll()
    QTest.keyClicks(host, "10.0.0.8")
    QTest.keyClick(view.connection.button, Qt.Key.Key_Space)
    name, values = stage.profiles.tested[-1]
    assert (name, values["host"]) == ("staging", "10.0.0.8"), "the form is tested, not the file"
    assert view.connection.button.text() == "Stop testing"
    assert "is not signed by ca.pem" in texts(view)
    assert "Take ca.pem from the authority" in texts(view)
    ended = [one.model_copy(update={"state": CriterionState.MET}) for one in FINDINGS]
    stage.background.streams[-1].push(report(ended, finished=True))
    stage.console.environments.reported.emit(report(ended, finished=True))
    assert view.connection.pill.accessibleName() == "Can be used"
    QTest.keyClicks(host, "1")
    assert view.connection.pill.accessibleName() == "Not tested"
    assert "ca.pem" not in texts(view)


def test_a_test_can_be_stopped(editor: tuple[Stage, EnvironmentsView]) -> None:
    stage, view = editor
    stage.console.environments.select("staging")
    view.connection.button.click()
    stream = stage.background.streams[-1]
    view.connection.button.click()
    assert stream.cancelled
    assert view.connection.button.text() == "Test connection"


def test_removing_asks_with_what_stays_and_is_refused_while_at_work(
    editor: tuple[Stage, EnvironmentsView],
) -> None:
    stage, view = editor
    stage.console.environments.select("staging")
    stage.profiles.refused = "its stack runs (dlq-manager); stop it first"
    view.remove_button.click()
    assert "stop it first" in view.banner.text
    assert view.question is None
    stage.profiles.refused = ""
    view.remove_button.click()
    question = view.question
    assert question is not None
    told = " ".join(each.text() for each in question.findChildren(QLabel))
    assert "stay in /home/deploy/songnodes/environments/staging" in told
    assert not question.verb_button.isEnabled()
    QTest.keyClicks(question.typed.edit, "staging")
    question.verb_button.click()
    assert list(stage.profiles.kept) == ["sandbox", "production"]
    assert view.list.list.chosen() == "sandbox"
    assert not view.remove_button.isEnabled(), "the sandbox is always there"


def test_a_save_that_fails_is_said_and_the_draft_stays(editor: tuple[Stage, EnvironmentsView]) -> None:
    stage, view = editor
    stage.console.environments.select("staging")
    QTest.keyClicks(line(view, "watch_minutes"), "15")
    stage.profiles.error = OperatorError("The file cannot be written.", "Free some space.")
    view.save_button.click()
    assert "cannot be written" in view.banner.text
    assert line(view, "watch_minutes").text() == "15"
    stage.profiles.error = None
    view.save_button.click()
    assert stage.profiles.kept["staging"]["watch_minutes"] == "15"
    assert not view.banner.isVisible()
    assert not view.save_button.isEnabled()


def test_a_broken_file_is_told_with_what_can_be_read_of_it(editor: tuple[Stage, EnvironmentsView]) -> None:
    stage, view = editor
    stage.profiles.broken["production"] = "The profile of the environment production is broken."
    stage.console.environments.refresh()
    stage.console.environments.select("production")
    assert "is broken" in view.banner.text
    assert line(view, "compose.docker_host").text() == "ssh://deploy@songnodes-1"
    assert view.list.model.rows()[2].mark.word == "broken"

"""The wizard, from the options to the result, over an engine in memory."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Control, DeployOptions, RunState
from controllers.deploy_wizard import Page
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from views.widgets.confirm import ConfirmOverlay


def page(stage: Stage) -> Page:
    return stage.console.deploy.wizard.page


def started(stage: Stage) -> str:
    """Bring the wizard to a run at work; its id."""
    window = stage.open()
    window.router.run("deploy.open")
    window.deploy.next_button.click()
    window.deploy.next_button.click()
    run_id = stage.console.deploy.follower.run_id
    assert run_id is not None
    return run_id


def test_first_start_leads_to_a_result(stage: Stage, qtbot: QtBot) -> None:
    window = stage.open()
    assert window.overview.first_start.isVisible()
    window.overview.first_start.deploy_button.click()
    assert window.screens.currentWidget() is window.deploy
    window.deploy.options.skip_tests.setChecked(True)
    window.deploy.options.reason.setText("first deployment")
    window.deploy.next_button.click()
    assert page(stage) is Page.PLAN
    assert window.deploy.plan.steps.rowCount() == 10
    assert window.deploy.plan.warnings.isVisible()
    assert window.deploy.next_button.text() == "Deploy to Sandbox"
    window.deploy.next_button.click()
    assert stage.runs.started == [DeployOptions(skip_tests=True, reason="first deployment")]
    assert page(stage) is Page.RUN
    run_id = stage.console.deploy.follower.run_id
    assert run_id is not None
    stage.runs.advance(run_id, 6)
    qtbot.waitUntil(lambda: window.deploy.run.steps.rows()[4].mark.word == "done")
    stage.runs.advance(run_id, 11, RunState.SUCCEEDED)
    qtbot.waitUntil(lambda: page(stage) is Page.RESULT)
    assert window.deploy.result.outcome.text() == "The deployment succeeded"
    window.deploy.result.test_button.click()
    assert window.screens.currentWidget() is window.end_to_end


def test_the_run_page_shows_what_the_journal_has(stage: Stage, qtbot: QtBot) -> None:
    run_id = started(stage)
    stage.runs.advance(run_id, 5)
    run = stage.window.deploy.run
    qtbot.waitUntil(lambda: run.head.pill.accessibleName() == "Step 5 of 10 · running")
    assert [row.mark.word for row in run.steps.rows()[3:6]] == ["done", "running", "waiting"]
    assert run.output.table.model().rowCount() == 10
    assert "deploy@workstation" not in run.head.title.text()


def test_production_wants_its_name(make_stage: Callable[..., Stage], qtbot: QtBot) -> None:
    stage = make_stage("production")
    window = stage.open()
    window.router.run("deploy.open")
    window.deploy.next_button.click()
    window.deploy.next_button.click()
    assert page(stage) is Page.CONFIRM
    assert not window.deploy.next_button.isEnabled()
    for almost in ("productio", "Production", "production "):
        window.deploy.confirm.typed.edit.setText(almost)
        assert not window.deploy.next_button.isEnabled()
    QTest.keyClicks(window.deploy.confirm.typed.edit, "")
    window.deploy.confirm.typed.edit.setText("production")
    window.deploy.next_button.click()
    assert page(stage) is Page.RUN
    assert len(stage.runs.started) == 1


def test_a_reopened_window_finds_the_run(make_stage: Callable[..., Stage], qtbot: QtBot) -> None:
    first = make_stage()
    run_id = started(first)
    first.window.close()
    assert first.runs.kept[run_id].state is RunState.RUNNING
    second = make_stage()
    second.runs = first.runs
    second.console.deploy._runs = first.runs
    second.console.deploy.follower._runs = first.runs
    second.console.monitor._runs = first.runs
    second.open()
    assert page(second) is Page.RUN
    assert second.console.deploy.follower.run_id == run_id
    first.runs.advance(run_id, 7)
    pill = second.window.deploy.run.head.pill
    qtbot.waitUntil(lambda: pill.accessibleName() == "Step 7 of 10 · running")


def test_pause_and_continue(stage: Stage, qtbot: QtBot) -> None:
    run_id = started(stage)
    run = stage.window.deploy.run
    run.pause_button.click()
    assert stage.runs.controls == [Control.PAUSE]
    qtbot.waitUntil(lambda: run.pause_button.text() == "Continue", timeout=3000)
    run.pause_button.click()
    assert stage.runs.controls[-1] is Control.CONTINUE
    qtbot.waitUntil(lambda: run.pause_button.text() == "Pause after step", timeout=3000)
    assert stage.runs.kept[run_id].state is RunState.RUNNING


def test_stopping_is_asked_and_can_be_declined(stage: Stage, qtbot: QtBot) -> None:
    started(stage)
    window = stage.window
    window.deploy.run.back_out_button.click()
    overlay = window.findChild(ConfirmOverlay)
    assert overlay is not None
    assert QApplication.focusWidget() is overlay.cancel_button
    QTest.keyClick(overlay.cancel_button, Qt.Key.Key_Escape)
    assert stage.runs.controls == []
    window.deploy.run.back_out_button.click()
    for each in window.findChildren(ConfirmOverlay):
        if each.isVisible():
            each.verb_button.click()
    assert stage.runs.controls == [Control.STOP_AND_ROLL_BACK]
    qtbot.waitUntil(lambda: page(stage) is Page.RESULT, timeout=3000)


def test_an_interrupted_run_says_what_is_there_and_goes_on(stage: Stage, qtbot: QtBot) -> None:
    stage.stack.current = stacks.healthy
    run = stage.keep_run(5, RunState.INTERRUPTED)
    window = stage.open()
    assert page(stage) is Page.RECOVERY
    assert window.overview.run_card.isVisible()
    words = [row.mark.word for row in window.deploy.recovery.steps.rows()]
    assert words[3:6] == ["done", "half done", "not done"]
    window.overview.run_card.continue_button.click()
    assert window.screens.currentWidget() is window.deploy
    assert page(stage) is Page.RUN
    assert stage.runs.kept[run.id].state is RunState.RUNNING


def test_an_interrupted_run_can_be_taken_back(stage: Stage, qtbot: QtBot) -> None:
    stage.stack.current = stacks.healthy
    stage.keep_run(5, RunState.INTERRUPTED)
    window = stage.open()
    window.router.run("deploy.open")
    window.deploy.recovery.rollback_button.click()
    overlay = window.findChild(ConfirmOverlay)
    assert overlay is not None
    overlay.verb_button.click()
    assert window.screens.currentWidget() is window.rollback
    assert stage.console.rollback.follower.run_id is not None


def test_a_refused_start_is_explained_where_it_was_asked(stage: Stage) -> None:
    window = stage.open()
    window.router.run("deploy.open")
    window.deploy.next_button.click()
    stage.runs.error = OperatorError("deploy@workstation holds the lock.", "Wait until that run has ended.")
    window.deploy.next_button.click()
    assert page(stage) is Page.PLAN
    assert window.deploy.banner.isVisible()
    assert window.deploy.banner.text == "deploy@workstation holds the lock.\nWait until that run has ended."
    window.deploy.banner.copy_button.click()
    assert "holds the lock" in QApplication.clipboard().text()
    assert window.deploy.next_button.isEnabled()


def test_a_failed_run_names_step_and_criterion(stage: Stage, qtbot: QtBot) -> None:
    run_id = started(stage)
    stage.runs.advance(run_id, 5, RunState.ROLLED_BACK)
    qtbot.waitUntil(lambda: page(stage) is Page.RESULT)
    result = stage.window.deploy.result
    assert result.outcome.text() == "The deployment failed and was rolled back"
    failed = [row for row in result.steps.rows() if row.mark.word == "failed"]
    assert [row.title for row in failed] == ["Deploy new services", "api-gateway-internal started"]
    assert "port 8022" in failed[1].subtitle
    words = [row.mark.word for row in result.steps.rows()]
    assert "waiting" not in words
    result.steps_button.click()
    assert page(stage) is Page.RUN


def test_picking_a_step_keeps_it_until_the_work_is_picked_again(stage: Stage, qtbot: QtBot) -> None:
    run_id = started(stage)
    stage.runs.advance(run_id, 5)
    run = stage.window.deploy.run
    qtbot.waitUntil(lambda: run.step_list.chosen() == "new-services")
    run.step_list.setFocus()
    QTest.keyClick(run.step_list, Qt.Key.Key_Up)
    assert run.step_list.chosen() == "build"
    stage.runs.advance(run_id, 6)
    qtbot.waitUntil(lambda: run.steps.rows()[5].mark.word == "running")
    assert run.step_list.chosen() == "build"


def test_somebody_elses_run_is_explained_and_can_be_shown(stage: Stage, qtbot: QtBot) -> None:
    mine = started(stage)
    stage.runs.advance(mine, 1, RunState.LOCKED)
    qtbot.waitUntil(lambda: page(stage) is Page.RESULT)
    result = stage.window.deploy.result
    theirs = stage.runs.keep(stage.keep_run(4).model_copy(update={"id": "20261123-140000-theirs"}))
    stage.runs.advance(mine, 1, RunState.LOCKED)
    stage.console.monitor.measure()
    assert page(stage) is Page.RESULT, "the explanation stays until the operator leaves it"
    assert "holds the lock" in result.text()
    result.active_button.click()
    assert page(stage) is Page.RUN
    assert stage.console.deploy.follower.run_id == theirs.id


def test_a_run_started_elsewhere_shows_in_a_wizard_that_has_started_nothing(stage: Stage) -> None:
    window = stage.open()
    window.router.run("deploy.open")
    assert page(stage) is Page.OPTIONS
    run = stage.keep_run(3)
    stage.console.monitor.measure()
    assert page(stage) is Page.RUN
    assert stage.console.deploy.follower.run_id == run.id


def test_an_interrupted_run_decided_elsewhere_leaves_the_recovery_page(stage: Stage, qtbot: QtBot) -> None:
    stage.stack.current = stacks.healthy
    run = stage.keep_run(5, RunState.INTERRUPTED)
    stage.open()
    assert page(stage) is Page.RECOVERY
    stage.runs.advance(run.id, 6)
    stage.console.monitor.measure()
    qtbot.waitUntil(lambda: page(stage) is Page.RUN)
    stage.runs.advance(run.id, 11, RunState.SUCCEEDED)
    qtbot.waitUntil(lambda: page(stage) is Page.RESULT)


def test_a_selected_line_is_shown_in_full_and_copied(stage: Stage, qtbot: QtBot) -> None:
    started(stage)
    output = stage.window.deploy.run.output
    table = output.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 10)
    table.selectRow(4)
    assert output.detail.isVisible()
    assert output.detail.text().startswith("GET http://127.0.0.1:8022/health")
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "GET http://127.0.0.1:8022/health" in QApplication.clipboard().text()
    table.selectRow(5)
    QTest.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(QApplication.clipboard().text().splitlines()) == 10


def test_output_is_filtered_and_saved(stage: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    started(stage)
    output = stage.window.deploy.run.output
    qtbot.waitUntil(lambda: output.table.model().rowCount() == 10)
    chip = next(each for each in output.chips() if each.text() == "dlq-manager")
    chip.click()
    assert output.table.model().rowCount() == 1
    output.save_to(str(tmp_path / "output.log"))
    assert "connected to songnodes_operations" in (tmp_path / "output.log").read_text("utf-8")
    output.save_to(str(tmp_path / "missing" / "output.log"))
    assert "Not saved: No such file or directory" in output.counter.text()


def test_a_watched_deployment_can_be_tried_out(make_stage: Callable[..., Stage], qtbot: QtBot) -> None:
    stage = make_stage("staging")
    stage.stack.current = stacks.healthy
    stage.keep_run(10, RunState.WATCHING)
    window = stage.open()
    window.router.run("deploy.open")
    run = window.deploy.run
    assert "is deployed and serves" in run.banner.text
    assert "watching for 23 min more" in run.head.explanation.text()
    run.test_button.click()
    assert window.screens.currentWidget() is window.end_to_end


def test_a_new_deployment_replaces_the_result_of_before(stage: Stage, qtbot: QtBot) -> None:
    run_id = started(stage)
    stage.stack.current = stacks.healthy
    stage.runs.advance(run_id, 11, RunState.SUCCEEDED)
    qtbot.waitUntil(lambda: page(stage) is Page.RESULT)
    stage.window.router.run("overview.open")
    stage.window.router.run("deploy.open")
    assert page(stage) is Page.RESULT
    stage.window.overview.deploy_button.click()
    assert page(stage) is Page.OPTIONS

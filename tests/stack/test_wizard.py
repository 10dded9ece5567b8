"""The real window on the real sandbox: deploy, close, reopen, end-to-end test, roll back."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.background import BackgroundLoop
from app.deferred import DeferredPorts
from app.desktop import make_window
from app.settings_port import make_settings
from app.watchdog import StallWatchdog
from backend.contracts.runs import RollbackScope, RunKind, RunState, StepState
from controllers.deploy_wizard import Page
from tests.fixtures.sandbox import Sandbox
from tests.gui.taking_down import take_down
from views.shell.main_window import MainWindow

pytestmark = [pytest.mark.stack, pytest.mark.gui]

RUN_MS = 120_000
BLOCKING = ("sqlite3", "psycopg", "httpx", "subprocess")
"""What the Qt thread may never be found in."""


@contextmanager
def open_window(application: QApplication, sandbox: Sandbox) -> Iterator[MainWindow]:
    """The console as a user opens it, closed in the order of `app.desktop`."""
    ports = DeferredPorts(sandbox.home).ports(make_settings(sandbox.home))
    background = BackgroundLoop()
    background.start()
    window = make_window(application, ports, background)
    window.show()
    try:
        yield window
    finally:
        window.console.stop()
        background.stop()
        take_down(window)


def _page(window: MainWindow) -> Page:
    return window.console.deploy.wizard.page


def _start_deployment(window: MainWindow, qtbot: QtBot) -> str:
    qtbot.waitUntil(window.overview.first_start.isVisible, timeout=20_000)
    window.overview.first_start.deploy_button.click()
    window.deploy.next_button.click()
    qtbot.waitUntil(lambda: window.console.deploy.plan is not None, timeout=20_000)
    window.deploy.next_button.click()
    qtbot.waitUntil(lambda: _page(window) is Page.RUN, timeout=20_000)
    run_id = window.console.deploy.follower.run_id
    assert run_id is not None
    return run_id


def test_deploy_close_reopen_test_and_roll_back(qapp: QApplication, qtbot: QtBot, sandbox: Sandbox) -> None:
    with open_window(qapp, sandbox) as window:
        run_id = _start_deployment(window, qtbot)
        done = StepState.DONE
        qtbot.waitUntil(lambda: sandbox.composition.reader.run(run_id).steps[1].state is done, timeout=RUN_MS)
    assert not sandbox.run_state(run_id).is_finished
    with open_window(qapp, sandbox) as window:
        watchdog = StallWatchdog()
        watchdog.start()
        qtbot.waitUntil(lambda: window.console.deploy.follower.run_id == run_id, timeout=20_000)
        qtbot.waitUntil(lambda: _page(window) is Page.RESULT, timeout=RUN_MS)
        assert window.deploy.result.outcome.text() == "The deployment succeeded"
        _end_to_end(window, qtbot)
        _roll_back(window, qtbot, sandbox)
        watchdog.stop()
        # Processor time and not the clock: the deployment and others keep the machine busy meanwhile.
        own = [s for s in watchdog.stalls if s.busy_seconds > 0.1 or any(n in s.stack for n in BLOCKING)]
        assert not own, f"the window stalled for {own[0].busy_seconds:.3f} s of work at\n{own[0].stack}"


def _end_to_end(window: MainWindow, qtbot: QtBot) -> None:
    window.deploy.result.test_button.click()
    window.end_to_end.run_button.click()
    bronze, silver, gold = window.end_to_end.layers
    qtbot.waitUntil(lambda: gold.model.rowCount() == 1, timeout=60_000)
    assert (bronze.model.rowCount(), silver.model.rowCount()) == (1, 1)


def _roll_back(window: MainWindow, qtbot: QtBot, sandbox: Sandbox) -> None:
    window.router.run("rollback.ask")
    qtbot.waitUntil(lambda: window.rollback.dialog is not None, timeout=30_000)
    dialog = window.rollback.dialog
    assert dialog is not None
    scopes = [card.choice.scope for card in dialog.cards]
    assert scopes[:3] == [RollbackScope.SERVICES, RollbackScope.DATABASE, RollbackScope.FULL]
    dialog.cards[2].choose()
    dialog.roll_button.click()
    qtbot.waitUntil(lambda: sandbox.newest_run().kind is RunKind.ROLLBACK, timeout=20_000)
    rollback = sandbox.newest_run().id
    qtbot.waitUntil(lambda: sandbox.run_state(rollback) is RunState.SUCCEEDED, timeout=RUN_MS)
    qtbot.waitUntil(window.rollback.run.banner.isVisible, timeout=20_000)

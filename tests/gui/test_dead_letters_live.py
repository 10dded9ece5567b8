"""The triage screen on real services: providers fail, letters come, and a group goes from open to closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.background import BackgroundLoop
from app.dead_letters_port import DeadLetters
from app.desktop import make_window
from backend.contracts.dead_letter_operations import OperationState
from backend.contracts.dead_letter_views import Cause
from backend.contracts.environment import PROVIDERS, Environment, Ports
from backend.database.address import DatabaseAddress
from controllers.clock import system_clock
from tests.fixtures.provider_simulator import running_simulator
from tests.fixtures.service_processes import DLQ, GATEWAY, TOKEN, ServiceProcesses, running_services
from tests.gui.sample import stack as stacks
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.stack import SampleStack
from tests.gui.taking_down import take_down
from tests.gui.test_performance import HomeSettings
from views.dead_letters.acting import SAMPLE
from views.dead_letters.bulk_dialog import BulkDialog
from views.dead_letters.view import DeadLettersView
from views.shell.main_window import MainWindow

PATIENCE = 60_000
LETTERS = 24
"""More than the sample, so that somebody has to decide about the rest."""
Key = Qt.Key


@dataclass(frozen=True)
class Place:
    """A stack that runs as processes."""

    environment: Environment

    def admin_token(self) -> str:
        return TOKEN


@pytest.fixture
def services(
    musicdb: DatabaseAddress, operations_db: DatabaseAddress, tmp_path: Path
) -> Iterator[ServiceProcesses]:
    """Gateway without limits, enrichment and dead-letter manager over providers that all fail."""
    folder = tmp_path / "services"
    folder.mkdir()
    unlimited = {GATEWAY: "tests.fixtures.unlimited_gateway"}
    with (
        running_simulator() as simulator,
        running_services(folder, musicdb, operations_db, simulator, modules=unlimited) as running,
    ):
        for provider in PROVIDERS:
            simulator.turn(provider, error_rate=1.0, enforce_limit=False)
        for number in range(LETTERS):
            answer = running.enrich(f"t-{number}", "deadmau5", "Strobe")
            assert answer["status"] == "failed"
        yield running


@pytest.fixture
def window(qapp: QApplication, services: ServiceProcesses, tmp_path: Path) -> Iterator[MainWindow]:
    background = BackgroundLoop()
    background.start()
    stack = SampleStack(system_clock)
    stack.current = stacks.healthy
    place = Place(Environment(name="sandbox", ports=Ports(dlq_manager=services.ports[DLQ])))
    letters = DeadLetters(lambda _name: place)
    settings = HomeSettings(tmp_path)
    ports = sample_ports(system_clock, stack=stack, dead_letters=letters, settings=settings)
    window = make_window(qapp, ports, background)
    window.show()
    yield window
    window.console.stop()
    assert background.stop()
    take_down(window)


class Keys:
    """Presses keys where the focus is, and counts them."""

    def __init__(self, screen: DeadLettersView) -> None:
        self._screen, self.pressed = screen, 0

    def press(self, key: Qt.Key) -> None:
        self.pressed += 1
        QTest.keyClick(QApplication.focusWidget() or self._screen, key)


@pytest.mark.gui
def test_a_group_is_opened_looked_at_tried_sent_and_closed_by_keyboard(
    window: MainWindow, services: ServiceProcesses, qtbot: QtBot
) -> None:
    window.router.run("dead-letters.open")
    screen = window.dead_letters
    keys, causes = Keys(screen), screen.causes
    qtbot.waitUntil(lambda: screen.controller.table.total == LETTERS, timeout=PATIENCE)
    qtbot.waitUntil(lambda: causes.model.rowCount() > 1, timeout=PATIENCE)
    group = largest(screen)
    assert group.open > SAMPLE, "a breaker that opened meanwhile makes another cause of few letters alone"
    qtbot.waitUntil(lambda: screen.head.pill.text() == "● balances · 0 lost", timeout=PATIENCE)
    services.heal()

    causes.list.setFocus()
    keys.press(Key.Key_Down)
    qtbot.waitUntil(lambda: screen.cause() is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: screen.panel.letter is not None, timeout=PATIENCE)
    assert '"artist_name":"deadmau5"' in screen.panel.payload.toPlainText().replace(": ", ":")
    assert "trace" in screen.panel.lineage.toPlainText()

    keys.press(Key.Key_T)
    qtbot.waitUntil(lambda: screen.acting.dialog is not None, timeout=PATIENCE)
    dialog = screen.acting.dialog
    assert isinstance(dialog, BulkDialog)
    qtbot.waitUntil(lambda: "Counting" not in dialog.facts.text(), timeout=PATIENCE)
    assert dialog.heading.text() == f"Retry {group.open} letters", dialog.banner.text
    QTest.keyClicks(dialog.reason, "the providers are back")
    keys.press(Key.Key_Return)
    qtbot.waitUntil(lambda: state(screen) is OperationState.DECIDING, timeout=PATIENCE)
    assert "20 of 20 succeeded" in screen.operation.words.text()

    keys.press(Key.Key_A)
    qtbot.waitUntil(lambda: state(screen) is OperationState.COMPLETED, timeout=PATIENCE)
    qtbot.waitUntil(lambda: screen.controller.table.total == 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: group.fingerprint not in causes_of(screen), timeout=PATIENCE)
    assert keys.pressed <= 8
    meter = services.get(DLQ, "/dlq/meter")
    assert (meter["difference"], meter["by_state"]["resolved"]) == (0, group.open)

    screen.operating.ask_list()
    listed = screen.operating.dialog
    assert listed is not None
    qtbot.waitUntil(lambda: listed.panel.items.model().rowCount() == group.open, timeout=PATIENCE)
    assert {row.mark.word for row in listed.panel._items.rows()} == {"resolved"}
    listed.close_overlay()


def state(screen: DeadLettersView) -> OperationState | None:
    return screen.operation.operation.state if screen.operation.operation is not None else None


def causes_of(screen: DeadLettersView) -> list[str]:
    known = screen.controller.causes
    return [cause.fingerprint for cause in known.causes] if known is not None else []


def largest(screen: DeadLettersView) -> Cause:
    assert screen.controller.causes is not None
    return screen.controller.causes.causes[0]

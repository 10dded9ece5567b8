"""The screen on the gateway's real application: real stream, real threads, real databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.background import BackgroundLoop
from app.desktop import make_window
from app.providers_port import Providers
from backend.clients.gateway import GatewayClient
from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.environment import GATEWAY, Environment, Ports
from backend.contracts.live import BreakerTransition
from backend.database.address import DatabaseAddress
from backend.services.api_gateway.app import create_app
from controllers.breakers_rows import Column
from controllers.clock import system_clock
from tests.backend.services.api_gateway.serving import TOKEN, settings_for
from tests.fixtures.provider_simulator import running_simulator, serving
from tests.gui.sample import stack as stacks
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.stack import SampleStack
from tests.gui.taking_down import take_down
from tests.gui.test_performance import HomeSettings
from views.breakers.control_dialog import ControlDialog
from views.shell.main_window import MainWindow


class Place:
    """A stack of which only the gateway and its databases run."""

    def __init__(self, port: int, music: DatabaseAddress, operations: DatabaseAddress) -> None:
        self.environment = Environment(name="sandbox", ports=Ports(gateway=port))
        self._music, self._operations = music, operations

    def admin_token(self) -> str:
        return TOKEN

    def musicdb(self) -> DatabaseAddress:
        return self._music

    def operations_database(self) -> DatabaseAddress:
        return self._operations


@pytest.fixture
def place(musicdb: DatabaseAddress, operations_db: DatabaseAddress) -> Iterator[Place]:
    with running_simulator() as simulator:
        gateway = create_app(settings_for(simulator, musicdb, operations_db))
        with serving(gateway) as url:
            yield Place(int(url.rsplit(":", 1)[1]), musicdb, operations_db)
            gateway.state.end_streams()


@pytest.fixture
def window(qapp: QApplication, place: Place, tmp_path: Path) -> Iterator[MainWindow]:
    background = BackgroundLoop()
    background.start()
    stack = SampleStack(system_clock)
    stack.current = stacks.healthy
    providers = Providers(lambda _name: place)
    ports = sample_ports(system_clock, stack=stack, providers=providers, settings=HomeSettings(tmp_path))
    window = make_window(qapp, ports, background)
    window.show()
    window.router.run("breakers.open")
    yield window
    window.console.stop()
    assert background.stop()
    take_down(window)


def state_of(window: MainWindow, provider: str) -> str:
    table = window.console.breakers.table
    found = table.place_of(provider)
    return table.rows()[found].cells[Column.STATE] if found >= 0 else ""


def force_open(place: Place, provider: str) -> None:
    """Somebody else, on another console."""
    GatewayClient(place.environment, TOKEN).control(
        provider,
        ControlRequest(action=ControlAction.FORCE_OPEN, reason="their month ended", author="ada@desk"),
    )


@pytest.mark.gui
def test_what_somebody_else_does_is_on_the_screen(window: MainWindow, place: Place, qtbot: QtBot) -> None:
    view = window.breakers
    qtbot.waitUntil(lambda: state_of(window, "deezer") == "Closed", timeout=20_000)
    assert view.freshness.accessibleName() == "streaming"
    assert view.head.explanation.text().endswith("state of this replica only")
    moved: list[BreakerTransition] = []
    window.console.breakers.moved.connect(moved.append)
    force_open(place, "deezer")
    qtbot.waitUntil(lambda: state_of(window, "deezer").startswith("Forced open, by ada@desk"), timeout=20_000)
    qtbot.waitUntil(lambda: {each.provider for each in moved} == {"deezer"})
    window.console.breakers.select("deezer")
    assert "their month ended" in view.detail.forced.text
    qtbot.waitUntil(lambda: view.detail.audit.rowCount() == 1, timeout=20_000)
    qtbot.waitUntil(lambda: "Waterfall uses it for" in view.detail.impact.texts(), timeout=20_000)
    assert "bpm (place 2)" in view.detail.impact.texts()["Waterfall uses it for"]


@pytest.mark.gui
def test_who_comes_second_is_told_by_the_gateway_itself(
    window: MainWindow, place: Place, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: state_of(window, "deezer") == "Closed", timeout=20_000)
    qtbot.waitUntil(lambda: bool(window.console.breakers.controls.operator))
    window.console.breakers.select("deezer")
    window.router.run("breakers.shadow")
    dialog = window.breakers.dialog
    assert isinstance(dialog, ControlDialog)
    dialog.reason.setText("Trying thresholds")
    force_open(place, "deezer")
    dialog.verb_button.click()
    qtbot.waitUntil(dialog.conflict.isVisible, timeout=20_000)
    assert state_of(window, "deezer").startswith("Forced open")
    said = [line.text() for line in dialog.conflict.findChildren(type(dialog.conflict.title))]
    assert any("Force open by ada@desk at" in text for text in said), said
    dialog.conflict.again_button.click()
    dialog.verb_button.click()
    qtbot.waitUntil(lambda: state_of(window, "deezer").startswith("Shadow, by "), timeout=20_000)


@pytest.mark.gui
def test_a_gateway_that_goes_away_leaves_no_old_green(
    window: MainWindow, place: Place, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: state_of(window, "deezer") == "Closed", timeout=20_000)
    elsewhere = Environment(name="sandbox", ports=Ports(gateway=1))
    monkeypatch.setattr(place, "environment", elsewhere)
    window.console.breakers.feed.look_again()
    qtbot.waitUntil(lambda: state_of(window, "deezer") == "Unknown", timeout=20_000)
    assert elsewhere.url(GATEWAY) in window.breakers.freshness.toolTip()
    monkeypatch.undo()
    qtbot.waitUntil(lambda: state_of(window, "deezer") == "Closed", timeout=20_000)

"""The editor on metadata-enrichment's real application: real versions, real conflict, real threads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.background import BackgroundLoop
from app.desktop import make_window
from app.waterfall_port import Waterfall
from backend.contracts.environment import Environment, Ports
from backend.contracts.waterfall import WaterfallChange
from backend.database.address import DatabaseAddress
from backend.home import Home
from backend.services.metadata_enrichment.app import create_app
from controllers.clock import system_clock
from tests.backend.services.metadata_enrichment.configuration.operator import with_label_threshold
from tests.backend.services.metadata_enrichment.replay.stored import store
from tests.backend.services.metadata_enrichment.replay.synthetic import tracks
from tests.backend.services.metadata_enrichment.serving import TOKEN, settings_for
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving
from tests.gui.sample import stack as stacks
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.stack import SampleStack
from tests.gui.taking_down import take_down
from tests.gui.test_performance import HomeSettings
from views.shell.main_window import MainWindow
from views.waterfall.review import ReviewDialog

HERE = "sandbox"
PATIENCE = 20_000
TRACKS = 200
WINNER = "spotify"
"""Gives albums to many of the stored tracks."""


@dataclass(frozen=True)
class Place:
    """A stack of which only metadata-enrichment runs."""

    environment: Environment

    def admin_token(self) -> str:
        return TOKEN


@pytest.fixture
def waterfall(musicdb: DatabaseAddress, tmp_path: Path) -> Iterator[Waterfall]:
    with serving(create_app(settings_for(musicdb, "no_broker_here"))) as url:
        ports = Ports(enrichment=int(url.rsplit(":", 1)[1]), gateway=free_port())
        place = Place(Environment(name=HERE, ports=ports))
        yield Waterfall(lambda _name: place, Home(tmp_path / "home"))


@pytest.fixture
def window(qapp: QApplication, waterfall: Waterfall, tmp_path: Path) -> Iterator[MainWindow]:
    background = BackgroundLoop()
    background.start()
    stack = SampleStack(system_clock)
    stack.current = stacks.healthy
    ports = sample_ports(system_clock, stack=stack, waterfall=waterfall, settings=HomeSettings(tmp_path))
    window = make_window(qapp, ports, background)
    window.show()
    window.router.run("waterfall.open")
    yield window
    window.console.stop()
    assert background.stop()
    take_down(window)


@pytest.mark.gui
def test_versions_drafts_replays_and_conflicts_are_those_of_the_service(
    window: MainWindow, waterfall: Waterfall, musicdb: DatabaseAddress, qtbot: QtBot
) -> None:
    view, console = window.waterfall, window.console.waterfall
    pill = view.head.pill
    qtbot.waitUntil(lambda: pill.accessibleName() == "v2 in force", timeout=PATIENCE)
    assert view.fields.missing.text().startswith("Not known: ")
    qtbot.waitUntil(lambda: view.replay.empty.title.text() == "No stored answers yet", timeout=PATIENCE)
    console.editor.select("label")
    first = [row.provider for row in console.steps.rows()]
    view.sources.list.choose(first[1])
    view.sources.list.move_up()
    qtbot.waitUntil(lambda: waterfall.draft(HERE) is not None, timeout=PATIENCE)

    window.router.run("waterfall.review")
    dialog = view.dialogs.current
    assert isinstance(dialog, ReviewDialog)
    dialog.comment.setText("The second one first")
    dialog.verb_button.click()
    qtbot.waitUntil(lambda: pill.accessibleName() == "v3 in force", timeout=PATIENCE)
    made = waterfall.configuration(HERE)
    label = next(field for field in made.fields if field.field == "label")
    assert [step.provider for step in label.sources][:2] == [first[1], first[0]]
    qtbot.waitUntil(lambda: waterfall.draft(HERE) is None, timeout=PATIENCE)

    with musicdb.connect() as connection:
        store(connection, tracks(TRACKS))
    console.preview.ask_now()
    figures = view.replay.figures
    qtbot.waitUntil(lambda: view.replay.title.text().endswith(f"on {TRACKS} stored tracks"), timeout=PATIENCE)
    assert figures.texts()["Filled"][2] == "±0"
    console.editor.select("album")
    console.editor.toggle(WINNER)
    qtbot.waitUntil(lambda: console.preview.replay.current, timeout=PATIENCE)
    differing = view.replay.pages.differences
    assert differing.rowCount() > 0
    assert WINNER in differing.as_tsv()
    assert view.replay.pages.winners.texts()[WINNER][1] == "0.0 %"

    others = WaterfallChange(
        base_version=3,
        author="lea@desk-2",
        comment="Surer labels",
        fields=with_label_threshold(made.fields, 0.9),
    )
    waterfall.apply(HERE, others)
    draft = console.editor.draft
    assert draft is not None
    console.applying.apply(draft, "Too late")
    qtbot.waitUntil(view.conflict.isVisible, timeout=PATIENCE)
    assert "Version 4 by lea@desk-2" in view.conflict.text
    assert waterfall.configuration(HERE).version == 4

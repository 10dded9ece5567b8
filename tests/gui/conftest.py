"""Fixtures of the GUI tests. The platform is chosen before Qt is imported."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.breakers_on_screen import Opened
from tests.gui.sample import providers as samples
from tests.gui.sample import stack as stacks
from tests.gui.sample.stage import Stage
from tests.gui.waterfall_on_screen import EditorOpened
from views.theme.theme import Theme


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The theme of the session's application, dark."""
    theme = Theme(qapp, qapp)
    theme.install("dark")
    return theme


@pytest.fixture
def make_stage(theme: Theme, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Makes a window over sample ports that answer at once; taken down after the test."""
    stages = []

    def make(environment: str = "sandbox") -> Stage:
        stage = Stage(theme, tmp_path, environment)
        stages.append(stage)
        return stage

    yield make
    for stage in stages:
        stage.close()
    theme.choose("dark")


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    """A window on the sandbox; not opened yet."""
    return make_stage()


@pytest.fixture
def opened(make_stage: Callable[..., Stage]) -> Opened:
    """The screen in trouble, on an environment."""

    def make(environment: str = "staging") -> Stage:
        stage = make_stage(environment)
        stage.stack.current = stacks.healthy
        stage.providers.current = samples.failing
        stage.open()
        stage.window.router.run("breakers.open")
        return stage

    return make


@pytest.fixture
def edited(make_stage: Callable[..., Stage]) -> EditorOpened:
    """The waterfall editor on an environment, looking at the label."""

    def make(environment: str = "sandbox") -> Stage:
        stage = make_stage(environment)
        stage.stack.current = stacks.healthy
        stage.open()
        stage.window.router.run("waterfall.open")
        stage.console.waterfall.editor.select("label")
        return stage

    return make

"""Reading and using the circuit-breaker screen, for its tests."""

from collections.abc import Callable

from controllers.breakers_rows import Column
from tests.gui.sample.stage import Stage
from views.breakers.control_dialog import ControlDialog

Opened = Callable[..., Stage]


def cell(stage: Stage, name: str, column: Column) -> str:
    table = stage.console.breakers.table
    return table.rows()[table.place_of(name)].cells[column]


def dialog_of(stage: Stage, action: str) -> ControlDialog:
    stage.window.router.run(action)
    dialog = stage.window.breakers.dialog
    assert isinstance(dialog, ControlDialog)
    return dialog

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from controllers.layer_model import LayerModel
from controllers.marks import Mark, Shape
from controllers.rows import Row, RowsModel

DONE = Mark(Shape.TICK, "ok", "done")
RUNNING = Mark(Shape.WORKING, "accent", "running")


def test_rows_model_is_consistent(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = RowsModel()
    model.replace([Row("a", DONE, "A"), Row("b", RUNNING, "B")])
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.replace([Row("c", DONE, "C")])
    assert model.place_of("c") == 0
    assert model.place_of("a") == -1


def test_only_what_changed_is_redrawn(qtbot: QtBot) -> None:
    model = RowsModel()
    model.replace([Row("a", DONE, "A"), Row("b", RUNNING, "B")])
    changed: list[int] = []
    resets: list[int] = []
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    model.modelReset.connect(lambda: resets.append(1))
    model.replace([Row("a", DONE, "A"), Row("b", DONE, "B")])
    assert changed == [1]
    assert resets == []


def test_layer_model_shows_what_the_database_has(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = LayerModel()
    model.show_rows([{"id": 1, "isrc": None}, {"id": 2, "isrc": "GBTDG0900141", "payload": {"a": [1]}}])
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    assert model.headerData(2, Qt.Orientation.Horizontal) == "payload"
    assert model.data(model.index(0, 1)) == "NULL"
    assert model.data(model.index(1, 2)) == '{"a": [1]}'
    assert model.as_tsv().splitlines()[1] == "1\tNULL\tNULL"

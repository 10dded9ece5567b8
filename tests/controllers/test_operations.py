from collections.abc import Callable

from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from controllers.operations import Deliver, Operation, as_operator_error


class LateTicket:
    def cancel(self) -> None:
        """The outcome comes all the same: the operation itself must drop it."""


class LateBackground:
    """Delivers when it is told to, and even what was cancelled."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], object], Deliver]] = []

    def submit(self, call: Callable[[], object], deliver: Deliver) -> LateTicket:
        self.waiting.append((call, deliver))
        return LateTicket()

    def finish(self, place: int) -> None:
        call, deliver = self.waiting[place]
        deliver(call(), None)


def _one() -> str:
    return "one"


def _two() -> str:
    return "two"


def test_a_superseded_result_is_dropped(qtbot: QtBot) -> None:
    background = LateBackground()
    operation = Operation(background)
    results: list[object] = []
    operation.succeeded.connect(results.append)
    operation.run(_one)
    operation.run(_two)
    background.finish(0)
    assert results == []
    assert operation.busy
    background.finish(1)
    assert results == ["two"]
    assert not operation.busy


def test_a_cancelled_call_says_nothing(qtbot: QtBot) -> None:
    background = LateBackground()
    operation = Operation(background)
    heard: list[str] = []
    operation.succeeded.connect(lambda _result: heard.append("succeeded"))
    operation.finished.connect(lambda: heard.append("finished"))
    operation.run(_one)
    operation.cancel()
    background.finish(0)
    assert heard == []


def test_polling_waits_for_a_slow_answer(qtbot: QtBot) -> None:
    background = LateBackground()
    operation = Operation(background)
    operation.run_if_idle(_one)
    operation.run_if_idle(_two)
    assert len(background.waiting) == 1


def test_an_operator_error_passes_unchanged() -> None:
    error = OperatorError("The port 8022 is in use.", "Stop what holds it.")
    assert as_operator_error(error) is error


def test_an_unforeseen_error_is_explained_and_logged(caplog: object) -> None:
    found = as_operator_error(ValueError("seven\nsecond line"))
    assert "ValueError: seven" in found.message
    assert "second line" not in found.message
    assert found.remedy

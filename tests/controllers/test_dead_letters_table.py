"""What the table holds while answers are under way: rows, total and selection always belong together."""

import pytest
from pytestqt.modeltest import ModelTester

from backend.contracts.dead_letter_views import LetterPage, PageRequest, Selection
from controllers.dead_letters import DeadLettersController
from controllers.dead_letters_table import BLOCK, LetterTable
from tests.controllers.test_operations import LateBackground
from tests.gui.sample.clock import MOMENT, StoppedClock
from tests.gui.sample.dead_letters import SampleDeadLetters
from tests.gui.sample.stack import SANDBOX


class Desk:
    """A controller whose answers come one by one, in the order in which the test wants them."""

    def __init__(self) -> None:
        self.background = LateBackground()
        self.letters = SampleDeadLetters(StoppedClock())
        self.controller = DeadLettersController(self.letters, self.background, StoppedClock())  # type: ignore[arg-type] # nothing is watched, so nothing streams
        self.controller.set_environment(SANDBOX)

    def answer(self) -> None:
        """Everything that was asked until now, the oldest first."""
        waiting, self.background.waiting = self.background.waiting, []
        for call, deliver in waiting:
            deliver(call(), None)


@pytest.fixture
def desk(qapp: object) -> Desk:
    return Desk()


def page(total: int) -> LetterPage:
    return (
        SampleDeadLetters(StoppedClock()).page("sandbox", PageRequest()).model_copy(update={"total": total})
    )


def test_the_model_is_sound(qapp: object, qtmodeltester: ModelTester) -> None:
    table = LetterTable()
    table.show(Selection(), page(1000), MOMENT)
    qtmodeltester.check(table)  # type: ignore[no-untyped-call]


def test_rows_of_the_selection_before_never_come_into_the_next_one(desk: Desk) -> None:
    desk.letters.letters = 10_000
    desk.controller.read_table()
    desk.answer()
    desk.controller.choose_cause("c503")
    assert desk.controller.table.row_at(5 * BLOCK) is None, "asks for a block of all causes"
    desk.answer()
    assert desk.controller.table.selection.fingerprint == "c503"
    assert desk.controller.table.total == desk.letters.causes("sandbox").causes[0].open
    assert desk.controller.table.held() == BLOCK


def test_nothing_is_settled_until_the_letters_of_the_last_choice_are_there(desk: Desk) -> None:
    desk.controller.read_table()
    desk.answer()
    assert desk.controller.is_settled
    desk.controller.choose_cause("c503")
    assert not desk.controller.is_settled
    desk.answer()
    assert desk.controller.is_settled


def test_what_is_meant_is_what_was_read_not_what_is_being_typed(desk: Desk) -> None:
    desk.controller.read_table()
    desk.controller.search("artist:nobody")
    desk.answer()
    assert desk.controller.table.total == 214
    assert desk.controller.table.meant().query == ""


def test_new_letters_of_a_chosen_cause_are_told(desk: Desk) -> None:
    heard: list[int] = []
    desk.controller.news.connect(heard.append)
    desk.controller.choose_cause("c503")
    desk.controller.table.show(Selection(fingerprint="c503"), page(189), MOMENT)
    desk.controller.read_groups()
    desk.answer()
    assert 12 in heard


def test_a_count_that_is_not_exact_tells_of_no_news(desk: Desk) -> None:
    heard: list[int] = []
    desk.controller.news.connect(heard.append)
    desk.controller.choose_cause("c503")
    inexact = page(100).model_copy(update={"total_is_exact": False})
    desk.controller.table.show(Selection(fingerprint="c503"), inexact, MOMENT)
    desk.background.waiting.clear()
    desk.controller._reads["causes"].cancel()
    desk.controller.read_groups()
    desk.answer()
    assert heard == []

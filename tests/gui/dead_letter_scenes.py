"""What the pictures of the dead-letter screen show."""

from backend.contracts.dead_letter_operations import OperationKind, OperationOptions
from backend.contracts.errors import OperatorError
from tests.gui.sample.stage import Stage

GONE = OperatorError(
    "dlq-manager does not answer on http://127.0.0.1:8021: nothing listens there.",
    "See what runs: main.py status. Start the stack: main.py up",
)


def opened(stage: Stage) -> None:
    stage.window.router.run("dead-letters.open")
    next(chip for chip in stage.window.dead_letters.spans.buttons() if chip.text() == "1 h").click()
    stage.console.dead_letters.choose_cause("c503")
    stage.window.dead_letters.causes.list.choose("c503")
    stage.window.dead_letters.table.setCurrentIndex(stage.console.dead_letters.table.index(2, 1))


def empty(stage: Stage) -> None:
    stage.dead_letters.letters = 0
    stage.window.router.run("dead-letters.open")


def failing(stage: Stage) -> None:
    stage.dead_letters.error = GONE
    stage.window.router.run("dead-letters.open")


def lost(stage: Stage) -> None:
    stage.dead_letters.lost = 2
    opened(stage)


def full(stage: Stage) -> None:
    stage.dead_letters.letters = 1_048_576
    stage.window.router.run("dead-letters.open")
    stage.console.dead_letters.table.pick_all(picked=True)
    stage.window.dead_letters.query.setText("artist:deadmau5 attempts:>2 state:fai")


def previewing(stage: Stage) -> None:
    opened(stage)
    stage.window.dead_letters.sample_button.click()
    dialog = stage.window.dead_letters.acting.dialog
    assert dialog is not None


def deciding(stage: Stage) -> None:
    opened(stage)
    acts = stage.console.dead_letters.acts
    table = stage.console.dead_letters.table
    request = acts.request(
        OperationKind.RETRY, table.meant(), OperationOptions(), "discogs is back", "503 from discogs"
    )
    acts.start(request, None)


def running(stage: Stage) -> None:
    deciding(stage)
    stage.window.dead_letters.accept_or_resume()


def editing(stage: Stage) -> None:
    opened(stage)
    stage.window.dead_letters.acting.ask_edit()

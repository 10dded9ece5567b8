"""What the pictures of the dead-letter screen show."""

from backend.contracts.dead_letter_operations import OperationKind, OperationOptions, RetryCondition
from backend.contracts.errors import OperatorError
from tests.gui.sample.stage import Stage

GONE = OperatorError(
    "dlq-manager does not answer on http://127.0.0.1:8021: nothing listens there.",
    "See what runs: main.py status. Start the stack: main.py up",
)
_WHEN_WELL = OperationOptions(
    when=RetryCondition(provider="beatport", closed_minutes=10, budget_share=0.3), per_second=2
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
    stage.window.dead_letters.operating.accept_or_resume()


def editing(stage: Stage) -> None:
    opened(stage)
    stage.window.dead_letters.acting.ask_edit()


def operations(stage: Stage) -> None:
    """One that runs, and some that were before it."""
    acts, table = stage.console.dead_letters.acts, stage.console.dead_letters.table
    for kind, title, reason, options in (
        (OperationKind.DISCARD, "Invalid payload: empty artist_name", "test data", OperationOptions()),
        (OperationKind.QUARANTINE, "No match above 0.72", "looked at by hand", OperationOptions()),
        (OperationKind.RETRY, "provider:beatport", "after their maintenance", _WHEN_WELL),
    ):
        stage.clock.forward(420)
        acts.start(acts.request(kind, table.meant(), options, reason, title), None)
    stage.clock.forward(60)
    running(stage)
    stage.window.dead_letters.operating.ask_list()


def pacing(stage: Stage) -> None:
    running(stage)
    stage.window.dead_letters.operating.ask_pace()


def patching(stage: Stage) -> None:
    opened(stage)
    stage.console.dead_letters.choose_cause("cempty")
    stage.window.dead_letters.causes.list.choose("cempty")
    stage.window.dead_letters.acting.ask_patch()


def edited(stage: Stage) -> None:
    """A letter that was edited, with an owner, labels and a note: what differs is shown."""
    opened(stage)
    screen, acts = stage.window.dead_letters, stage.console.dead_letters.acts
    letter = screen.panel.letter
    assert letter is not None
    assert letter.payload_text is not None
    text = letter.payload_text.replace(f'"{letter.artist}"', f'"{letter.artist} & Friends"')
    acts.edit(letter, text, "the second artist was missing", retry=False)
    acts.set_attributes(letter, "ada", "Asked the label; answer by Friday.", 3, ["label-data", "vip"])
    screen.panel.tabs.setCurrentIndex(1)


def lineage(stage: Stage) -> None:
    edited(stage)
    stage.window.dead_letters.panel.tabs.setCurrentIndex(2)


def describing(stage: Stage) -> None:
    edited(stage)
    stage.window.dead_letters.acting.ask_attributes()


def at_risk(stage: Stage) -> None:
    stage.dead_letters.problems = [
        "The queue enrichment.requests could drop letters: it is not used until that is mended.",
        "PostgreSQL has no space left: letters wait in the broker, nothing is dropped.",
    ]
    opened(stage)


def contrasting(stage: Stage) -> None:
    opened(stage)
    stage.console.dead_letters.choose_cause("cempty")
    stage.window.dead_letters.causes.list.choose("cempty")
    stage.window.dead_letters.acting.ask_contrast()

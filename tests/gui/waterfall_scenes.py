"""How the pictures of the waterfall editor come about."""

from collections.abc import Callable

from backend.contracts.errors import OperatorError
from tests.gui.sample import stack
from tests.gui.sample.stage import Stage
from tests.gui.sample.waterfall import full_fields
from views.waterfall.review import ReviewDialog

ENRICHMENT_GONE = OperatorError(
    "metadata-enrichment on 127.0.0.1:8020 does not answer.",
    "Start the stack; if that does not help, read the log of metadata-enrichment.",
)


def drafted(stage: Stage) -> None:
    """Two fields changed: another order for the label, another threshold for the genres."""
    stage.window.router.run("waterfall.open")
    editor = stage.console.waterfall.editor
    editor.select("genres")
    editor.set_threshold("lastfm", 0.62)
    editor.select("label")
    editor.move(2, 1)
    editor.set_threshold("discogs", 0.66)
    editor.toggle("beatport")
    stage.console.waterfall.preview.ask_now()
    stage.window.waterfall.sources.list.choose("musicbrainz")


def explained(stage: Stage) -> None:
    drafted(stage)
    table = stage.window.waterfall.replay.pages.table
    table.setCurrentIndex(table.model().index(1, 0))


def page(place: int) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        drafted(stage)
        pages = stage.window.waterfall.replay.pages
        (pages.values_chip, pages.winners_chip, pages.calls_chip, pages.advice_chip)[place].click()

    return play


def full(stage: Stage) -> None:
    stage.stack.current = stack.healthy
    stage.waterfall.add_version(full_fields(), "lea@desk-2", "Every source everywhere")


def dead_source(stage: Stage) -> None:
    stage.window.router.run("waterfall.open")
    stage.console.waterfall.editor.select("bpm")
    stage.window.waterfall.sources.list.choose("spotify")


def fails(stage: Stage) -> None:
    stage.stack.current = stack.healthy
    stage.waterfall.error = ENRICHMENT_GONE


def replay_fails(stage: Stage) -> None:
    drafted(stage)
    stage.waterfall.preview_error = ENRICHMENT_GONE
    stage.console.waterfall.editor.move(0, 1)
    stage.console.waterfall.preview.ask_now()


def nothing_stored(stage: Stage) -> None:
    stage.stack.current = stack.healthy
    stage.waterfall.responses = 0


def review(stage: Stage) -> None:
    drafted(stage)
    stage.window.router.run("waterfall.review")
    dialog = stage.window.waterfall.dialogs.current
    assert isinstance(dialog, ReviewDialog)
    dialog.comment.setText("MusicBrainz is surer about labels than Discogs")


def review_problem(stage: Stage) -> None:
    drafted(stage)
    editor = stage.console.waterfall.editor
    editor.select("duration_ms")
    for name in ("spotify", "musicbrainz", "deezer"):
        editor.toggle(name)
    editor.select("label")
    editor.toggle("beatport")
    stage.window.router.run("waterfall.review")


def came_first(stage: Stage) -> None:
    """Another operator's version changes the label too, and the tempo."""
    drafted(stage)
    fields = [
        field.model_copy(update={"sources": list(reversed(field.sources))})
        if field.field in ("label", "bpm")
        else field
        for field in stage.waterfall.history[-1].fields
    ]
    stage.waterfall.add_version(fields, "lea@desk-2", "Last.fm first while Discogs is down")
    stage.console.waterfall.feed.look()


def rebase(stage: Stage) -> None:
    came_first(stage)
    stage.window.waterfall.dialogs.resolve()


def history(stage: Stage) -> None:
    stage.window.router.run("waterfall.history")


def add_source(stage: Stage) -> None:
    drafted(stage)
    stage.window.router.run("waterfall.add")


def copy_order(stage: Stage) -> None:
    drafted(stage)
    stage.window.router.run("waterfall.copy-order")

"""`tracks import` and `tracks progress`: queue what is good in a file, and see how far it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from app.commands.options import Common
from app.terminal import Terminal
from app.track_files import Progress, queue_tracks, read_tracks
from backend.contracts.errors import OperatorError
from backend.contracts.imports import BadRow, ImportReport
from backend.contracts.runs import ExitCode

_SHOWN = 20
"""Bad rows printed; all of them go to --bad-rows."""


def import_tracks(
    file: Annotated[Path, Parameter(help="CSV with a header, or JSON Lines, in UTF-8.")],
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only check the file.")] = False,
    bad_rows: Annotated[
        Path | None, Parameter(help="Write every row that is left out to this file, as JSON Lines.")
    ] = None,
    common: Common | None = None,
) -> int:
    """Queue the tracks of a file for enrichment. Exit code 1: rows were left out, the others are queued."""
    common = common or Common()
    terminal = common.terminal()
    with _written(bad_rows) as note:
        held = read_tracks(file, _progress(terminal, "checked"), note)
    report = held.report
    if not dry_run and report.good:
        client = common.composition().tracks().client(common.environment)
        report = queue_tracks(client, held, _progress(terminal, "queued"))
    _show(terminal, report, dry_run=dry_run, bad_rows=bad_rows)
    return ExitCode.FAILED if report.bad else ExitCode.DONE


def progress(correlation_id: str, *, common: Common | None = None) -> int:
    """Say how far the tracks of an import or a batch are. Exit code 5: not finished yet; 1: some failed."""
    common = common or Common()
    terminal = common.terminal()
    shown = common.composition().tracks().client(common.environment).batch(correlation_id)
    terminal.event("batch", **shown.model_dump(mode="json"))
    ended = shown.tracks - shown.waiting - shown.in_progress
    terminal.say(
        f"{ended} of {shown.tracks} tracks: {shown.completed} complete, {shown.partial} partial, "
        f"{shown.cached} known before, {shown.dead_lettered} dead letters. "
        f"{shown.in_progress} in progress, {shown.waiting} waiting."
    )
    if not shown.is_finished:
        return ExitCode.INCONCLUSIVE
    return ExitCode.FAILED if shown.dead_lettered else ExitCode.DONE


def _progress(terminal: Terminal, what: str) -> Progress:
    def tell(done: int, of: int) -> None:
        terminal.event("progress", what=what, done=done, of=of)
        terminal.say(f"  {what} {100 * done // max(of, 1)} %", "dim")

    return tell


@contextmanager
def _written(path: Path | None) -> Iterator[Callable[[BadRow], None]]:
    if path is None:
        yield lambda _bad: None
        return
    try:
        with path.open("w", encoding="utf-8") as file:
            yield lambda bad: print(bad.model_dump_json(), file=file)
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written: {error.strerror}. Nothing was queued.",
            "Name another file for --bad-rows.",
            exit_code=ExitCode.USAGE,
        ) from error


def _show(terminal: Terminal, report: ImportReport, *, dry_run: bool, bad_rows: Path | None) -> None:
    terminal.event("import", **report.model_dump(mode="json"))
    left_out = report.rows - report.good - report.duplicates
    for bad in report.bad[:_SHOWN]:
        terminal.say(f"  line {bad.line}: {bad.problem}", "yellow")
    if left_out > _SHOWN:
        terminal.say(f"  and {left_out - _SHOWN} more" + (f", in {bad_rows}" if bad_rows else ""), "yellow")
    terminal.say(
        f"{report.rows} rows: {report.good} tracks, {report.duplicates} given twice (the last one counts), "
        f"{left_out} left out."
    )
    if dry_run:
        terminal.say("Nothing was queued: this was a dry run.", "bold")
    elif report.queued:
        terminal.say(f"{report.queued} tracks are queued under {report.correlation_id}.", "bold")
    else:
        terminal.say("There was nothing to queue.", "bold")

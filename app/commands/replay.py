"""`replay`: resolve stored tracks again under a version of the waterfall, by the stored answers alone."""

import time
from collections.abc import Iterator
from typing import Annotated

from cyclopts import App, Parameter
from pydantic import ValidationError

from app.commands.deploy import confirm
from app.commands.options import Common, Yes, unusable
from app.terminal import Terminal, counted
from backend.clients.enrichment import EnrichmentClient
from backend.contracts.replay import (
    ReplayRun,
    ReplayRunRequest,
    ReplayRunStatus,
    ValueDifference,
    ValueSide,
)
from backend.contracts.runs import ExitCode

_UNDER_WAY = {ReplayRunStatus.QUEUED, ReplayRunStatus.RUNNING}
_LOOK_SECONDS = 0.5
_PAGE = 1000


def start(
    *,
    reason: Annotated[str, Parameter(help="Why; it is kept with your name.")],
    version: Annotated[int | None, Parameter(help="Of the waterfall; by omission that in force.")] = None,
    field: Annotated[list[str] | None, Parameter(negative="", help="Only this one; may be repeated.")] = None,
    track: Annotated[list[str] | None, Parameter(negative="", help="Only this one; may be repeated.")] = None,
    promote: Annotated[bool, Parameter(negative="", help="Write what differs to Gold.")] = False,
    detach: Annotated[bool, Parameter(negative="", help="Do not wait for the end.")] = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Resolve stored tracks again and keep what differs from Gold. Asks no provider."""
    common = common or Common()
    terminal, composition = common.terminal(), common.composition()
    tracks = composition.tracks()
    try:
        request = ReplayRunRequest(
            track_ids=track,
            config_version=version,
            fields=field or [],
            promote=promote,
            author=tracks.operator(),
            reason=reason,
        )
    except ValidationError as error:
        raise unusable(error) from None
    client = tracks.client(common.environment)
    if promote and not yes:
        confirm(terminal, composition.environments.get(common.environment), "Write what differs to Gold?")
    run = client.start_replay(request)
    return _tell(terminal, run if detach else _follow(terminal, client, run))


def list_runs(
    *,
    limit: Annotated[int, Parameter(help="How many, newest first.")] = 20,
    common: Common | None = None,
) -> int:
    """List replay runs, newest first."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().tracks().replay_runs(common.environment, limit)
    if not found:
        terminal.say(f"There was no replay on {common.environment} yet.")
    for run in found:
        terminal.event("replay", **run.model_dump(mode="json"))
        terminal.say(f"{run.id}  {run.status:<9}  {_progress(run)}  {run.author}: {run.reason}")
    return ExitCode.DONE


def show(
    run_id: str,
    *,
    values: Annotated[int, Parameter(help="List at most so many values that differ.")] = 20,
    common: Common | None = None,
) -> int:
    """Show a replay run and the values that it found to differ from Gold."""
    common = common or Common()
    terminal = common.terminal()
    client = common.composition().tracks().client(common.environment)
    run = client.replay_run(run_id)
    code = _tell(terminal, run)
    for one in _differences(client, run_id, values):
        terminal.event("difference", **one.model_dump(mode="json"))
        name = f"{one.artist_name} – {one.track_title}"
        terminal.say(f"  {one.field}, {name}: {_side(one.before)} → {_side(one.after)}")
    left = run.differing_values - values
    if left > 0:
        terminal.say(f"  and {left} more: --values {run.differing_values}", "dim")
    return code


def cancel(run_id: str, *, common: Common | None = None) -> int:
    """End a replay run; what it has promoted stays."""
    common = common or Common()
    run = common.composition().tracks().cancel_replay(common.environment, run_id)
    _tell(common.terminal(), run)
    return ExitCode.DONE


def _follow(terminal: Terminal, client: EnrichmentClient, run: ReplayRun) -> ReplayRun:
    done = run.done_tracks
    while run.status in _UNDER_WAY:
        time.sleep(_LOOK_SECONDS)
        run = client.replay_run(run.id)
        if run.done_tracks != done:
            done = run.done_tracks
            terminal.event("progress", id=run.id, done=done, of=run.total_tracks)
            terminal.say(f"  {_progress(run)}", "dim")
    return run


def _differences(client: EnrichmentClient, run_id: str, most: int) -> Iterator[ValueDifference]:
    after, left = ("", ""), most
    while left > 0:
        page = client.replay_differences(run_id, after, min(left, _PAGE))
        yield from page
        left -= len(page)
        if len(page) < _PAGE:
            return
        after = (page[-1].track_id, page[-1].field)


def _tell(terminal: Terminal, run: ReplayRun) -> int:
    """Say how a run stands; the exit code that it comes to."""
    terminal.event("replay", **run.model_dump(mode="json"))
    version = "" if run.config_version is None else f" under version {run.config_version}"
    terminal.say(f"{run.id}: {run.status}{version}, {_progress(run)}", "bold")
    if run.error:
        terminal.say(run.error, "red")
    terminal.say(f"Values that differ from Gold: {run.differing_values}; not judged: {run.unjudged_values}.")
    if run.promote:
        terminal.say(f"{counted(run.promoted_tracks, 'track')} written to Gold.")
    return ExitCode.FAILED if run.status is ReplayRunStatus.FAILED else ExitCode.DONE


def _progress(run: ReplayRun) -> str:
    return f"{run.done_tracks} of {counted(run.total_tracks, 'track')}"


def _side(side: ValueSide) -> str:
    return f"nothing ({side.detail})" if side.provider is None else f"{side.value} ({side.provider})"


REPLAY = App(name="replay", help="Resolve stored tracks again, by the stored answers alone.")
REPLAY.command(start, name="run")
REPLAY.command(list_runs, name="list")
REPLAY.command(show, name="show")
REPLAY.command(cancel, name="cancel")

"""`tracks find`, `tracks show` and `tracks inspect`: one track looked at closely."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import ValidationError

from app.commands.options import Common
from app.terminal import Terminal
from backend.contracts.errors import OperatorError
from backend.contracts.inspection import (
    CandidateInspection,
    InspectRequest,
    Lineage,
    SourceInspection,
    StoredTrack,
    TrackInspection,
    WalkStep,
)
from backend.contracts.runs import ExitCode

Limit = Annotated[int, Parameter(help="How many, the newest requests first.")]
_COLOURS = {"matched": "green", "unsure": "yellow", "no_answer": "red"}


def find(*words: str, limit: Limit = 20, common: Common | None = None) -> int:
    """Find stored tracks by words of artist, title or id."""
    common = common or Common()
    terminal = common.terminal()
    found = common.composition().tracks().tracks(common.environment, " ".join(words), limit)
    if not found:
        terminal.say(f"No track on {common.environment} has all of these words.")
    for track in found:
        terminal.event("track", **track.model_dump(mode="json"))
        terminal.say(_line(track))
    return ExitCode.DONE


def show(track_id: str, *, common: Common | None = None) -> int:
    """Show a stored track: its sources' candidates, every field's walk, and where the values come from."""
    common = common or Common()
    return _show(common.terminal(), common.composition().tracks().inspection(common.environment, track_id))


def inspect(
    *,
    artist: Annotated[str, Parameter(help="Name of the artist.")],
    title: Annotated[str, Parameter(help="Title, its version included.")],
    isrc: Annotated[str | None, Parameter(help="The recording's ISRC, if known.")] = None,
    common: Common | None = None,
) -> int:
    """Ask the providers now and show everything; nothing is written to Silver or Gold."""
    common = common or Common()
    try:
        request = InspectRequest(artist_name=artist, track_title=title, isrc=isrc)
    except ValidationError as error:
        text = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise OperatorError(f"The track cannot be asked for: {text}.", exit_code=ExitCode.USAGE) from None
    return _show(common.terminal(), common.composition().tracks().inspect(common.environment, request))


def _show(terminal: Terminal, track: TrackInspection) -> int:
    terminal.event("inspection", **track.model_dump(mode="json"))
    terminal.say(f"{track.artist_name} – {track.track_title}", "bold")
    stored = f"stored as {track.track_id}" if track.track_id else "asked for just now"
    terminal.say(
        f"{stored}, waterfall version {track.config_version}, {track.at.astimezone():%Y-%m-%d %H:%M:%S}"
    )
    for source in track.sources:
        _print_source(terminal, source)
    _print_walk(terminal, track.walk)
    _print_values(terminal, track)
    return ExitCode.DONE


def _print_source(terminal: Terminal, source: SourceInspection) -> None:
    detail = f": {source.detail}" if source.detail else ""
    verdict = source.verdict.replace("_", " ")
    terminal.say()
    terminal.say(
        f"{source.provider}: {verdict} ({source.outcome}, {_counted(source.calls, 'call')}){detail}",
        _COLOURS.get(source.verdict, ""),
    )
    for candidate in source.candidates:
        terminal.say(_candidate(candidate), "bold" if candidate.chosen else "")
        for penalty in candidate.evidence:
            if penalty.weight or candidate.gate:
                terminal.say(
                    f"        {penalty.weight:+5.1f}  {penalty.name:<10} {penalty.explanation}", "dim"
                )


def _candidate(candidate: CandidateInspection) -> str:
    chance = "  –  " if candidate.probability is None else f"{candidate.probability:5.1%}"
    version = (
        f" ({candidate.version})" if candidate.version and candidate.version not in candidate.title else ""
    )
    length = f", {candidate.duration_ms / 1000:.0f} s" if candidate.duration_ms else ""
    gate = f"  ruled out: {candidate.gate}" if candidate.gate else ""
    mark = "→" if candidate.chosen else " "
    return f"  {mark} {chance}  {', '.join(candidate.artists)} – {candidate.title}{version}{length}{gate}"


def _print_walk(terminal: Terminal, steps: Sequence[WalkStep]) -> None:
    if steps:
        terminal.say()
        terminal.say("Walk of the waterfall", "bold")
    for step in steps:
        sure = "" if step.confidence is None else f" {step.confidence:.3f}"
        needed = "" if step.min_confidence is None else f" of {step.min_confidence:.2f}"
        value = "" if step.value is None else f"  {_value(step.value)}"
        detail = f"  {step.detail}" if step.detail else ""
        style = "" if step.outcome == "used" else "dim"
        outcome = step.outcome.replace("_", " ")
        terminal.say(
            f"  {step.field:<16} {step.position}. {step.provider:<13} {outcome}{sure}{needed}{value}{detail}",
            style,
        )


def _print_values(terminal: Terminal, track: TrackInspection) -> None:
    terminal.say()
    terminal.say("Values", "bold")
    lineage = {entry.field: entry for entry in track.lineage}
    for field, value in track.values.items():
        terminal.say(f"  {field:<16} {_value(value)}{_origin(lineage.get(field))}")
    for one in track.disagreements:
        others = ", ".join(f"{provider}: {_value(value)}" for provider, value in one.others.items())
        terminal.say(
            f"  {one.field}: {one.winner} was taken by the policy '{one.policy}'; {others}", "yellow"
        )


def _origin(entry: Lineage | None) -> str:
    if entry is None:
        return ""
    given = entry.provenance
    fetched = f" at {entry.fetched_at.astimezone():%Y-%m-%d %H:%M}" if entry.fetched_at else ""
    return f"  from {given.provider}{fetched}, sure to {given.confidence:.0%}, version {given.config_version}"


def _line(track: StoredTrack) -> str:
    share = "" if track.completeness is None else f"{track.completeness:.0%}"
    degraded = "  degraded" if track.degraded else ""
    when = f"{track.last_requested_at.astimezone():%Y-%m-%d %H:%M}"
    name = f"{track.artist_name} – {track.track_title}"
    return f"{when}  {track.status:<11} {share:>4}  {track.track_id}  {name}{degraded}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"

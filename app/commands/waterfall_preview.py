"""`waterfall preview`: what a waterfall would change, by the stored answers alone."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from app.commands.options import Common, unusable
from app.terminal import Terminal, counted
from app.waterfall_files import read_waterfall
from backend.contracts.replay import (
    FieldComparison,
    FieldOutcome,
    PreviewRequest,
    ProviderCalls,
    ReplayComparison,
    ValueDifference,
    ValueSide,
)
from backend.contracts.runs import ExitCode


def preview(
    file: Path,
    *,
    tracks: Annotated[int, Parameter(help="At most so many of the newest tracks.")] = 5000,
    field: Annotated[str | None, Parameter(help="List the values of this field only.")] = None,
    values: Annotated[int, Parameter(help="List at most so many values that differ.")] = 0,
    common: Common | None = None,
) -> int:
    """Show what the waterfall of a file would change. Asks no provider and changes nothing."""
    common = common or Common()
    terminal = common.terminal()
    fields = read_waterfall(file).fields
    try:
        request = PreviewRequest(fields=fields, tracks=tracks, field=field, differences=values)
    except ValidationError as error:
        raise unusable(error) from None
    found = common.composition().waterfall().preview(common.environment, request)
    terminal.event("preview", **found.model_dump(mode="json"))
    _tell(terminal, found)
    return ExitCode.DONE


def _tell(terminal: Terminal, found: ReplayComparison) -> None:
    judged = "" if found.judged_share is None else f"; {found.judged_share:.0%} of the values can be judged"
    terminal.say(
        f"{counted(found.tracks, 'track')}, {counted(found.responses, 'stored answer')}, beside version "
        f"{found.base_version}{judged}",
        "bold",
    )
    terminal.say(f"  {'field':<18} {'filled':>17} {'confidence':>15} {'differ':>7} {'unjudged':>9}", "dim")
    for each in found.fields:
        terminal.say(_field(each), "" if each.differing else "dim")
    terminal.say(
        f"Calls a track: {found.calls_per_track_before:.2f} → {found.calls_per_track_after:.2f}; hours for "
        f"{counted(found.backlog_tracks, 'track')}:"
    )
    for cost in found.providers:
        terminal.say(_cost(cost))
    for step in found.dominated:
        terminal.say(f"! {step.field}, {step.provider}: {step.advice}", "yellow")
    for value in found.differences:
        terminal.say(_value(value))


def _field(each: FieldComparison) -> str:
    filled = f"{each.before.filled} → {each.after.filled}"
    sure = f"{_confidence(each.before)} → {_confidence(each.after)}"
    return f"  {each.field:<18} {filled:>17} {sure:>15} {each.differing:>7} {each.unjudged:>9}"


def _confidence(outcome: FieldOutcome) -> str:
    return "–" if outcome.mean_confidence is None else f"{outcome.mean_confidence:.2f}"


def _cost(cost: ProviderCalls) -> str:
    hours = f"{_hours(cost.hours_before)} → {_hours(cost.hours_after)}"
    return f"  {cost.provider:<18} {cost.before:.2f} → {cost.after:.2f} calls a track, {hours} h"


def _hours(hours: float | None) -> str:
    return "?" if hours is None else f"{hours:.1f}"


def _value(value: ValueDifference) -> str:
    name = f"{value.artist_name} – {value.track_title}"
    return f"  {value.field}, {name}: {_side(value.before)} → {_side(value.after)}"


def _side(side: ValueSide) -> str:
    if side.provider is None:
        return f"nothing ({side.detail})" if side.detail else "nothing"
    return f"{side.value} ({side.provider})"

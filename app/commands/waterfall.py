"""`waterfall`: which source gives each field; its versions, and the next one."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from app.commands.options import Common
from app.commands.waterfall_change import apply, revert, tell_differences
from app.commands.waterfall_preview import preview
from app.waterfall_files import write_waterfall
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import (
    OnDisagreement,
    VersionSummary,
    WaterfallConfiguration,
    WaterfallField,
    WaterfallStep,
    WhenUnavailable,
)
from backend.contracts.waterfall_diff import diff

Version = Annotated[int | None, Parameter(help="By omission the one in force.")]


def show(
    *,
    field: Annotated[str | None, Parameter(help="This field only.")] = None,
    version: Version = None,
    common: Common | None = None,
) -> int:
    """Show the sources of every field, in order, with their thresholds."""
    common = common or Common()
    terminal, configuration = common.terminal(), _read(common, version)
    fields = [one for one in configuration.fields if field in (None, one.field)]
    if not fields:
        known = ", ".join(one.field for one in configuration.fields)
        raise OperatorError(
            f"Version {configuration.version} has no field {field}.",
            f"It has: {known}.",
            exit_code=ExitCode.USAGE,
        )
    shown = configuration.model_copy(update={"fields": fields})
    terminal.event("waterfall", **shown.model_dump(mode="json"))
    terminal.say(_title(configuration), "bold")
    for one in fields:
        terminal.say(_line(one))
    return ExitCode.DONE


def history(
    *,
    limit: Annotated[int, Parameter(help="How many, newest first.")] = 20,
    before: Annotated[int | None, Parameter(help="Only versions below this one.")] = None,
    common: Common | None = None,
) -> int:
    """List the versions, newest first."""
    common = common or Common()
    terminal = common.terminal()
    for row in common.composition().waterfall().versions(common.environment, before, limit):
        terminal.event("version", **row.model_dump(mode="json"))
        terminal.say(_row(row), "bold" if row.in_force else "")
    return ExitCode.DONE


def show_diff(old: int, new: int, *, common: Common | None = None) -> int:
    """Show what differs between two versions."""
    common = common or Common()
    terminal = common.terminal()
    found = diff(_read(common, old).fields, _read(common, new).fields)
    tell_differences(terminal, found)
    if not found:
        terminal.say(f"Nothing differs between version {old} and version {new}.")
    return ExitCode.DONE


def export(file: Path, *, version: Version = None, common: Common | None = None) -> int:
    """Write a version to a JSON file, for `apply` and `preview`."""
    common = common or Common()
    terminal, configuration = common.terminal(), _read(common, version)
    write_waterfall(file, configuration)
    terminal.event("exported", version=configuration.version, file=str(file))
    terminal.say(f"Version {configuration.version} is in {file}.")
    return ExitCode.DONE


def _read(common: Common, version: int | None) -> WaterfallConfiguration:
    waterfall = common.composition().waterfall()
    if version is None:
        return waterfall.configuration(common.environment)
    return waterfall.version(common.environment, version)


def _title(configuration: WaterfallConfiguration) -> str:
    moment = f"{configuration.activated_at.astimezone():%Y-%m-%d %H:%M}"
    return f"Version {configuration.version} of {moment} by {configuration.author}: {configuration.comment}"


def _row(row: VersionSummary) -> str:
    changed = ", ".join(row.fields_changed)
    mark = "●" if row.in_force else " "
    return (
        f"{row.version:>5} {mark} {row.created_at.astimezone():%Y-%m-%d %H:%M}  {row.author:<20}  "
        f"{row.comment}{f'  ({changed})' if changed else ''}"
    )


def _line(field: WaterfallField) -> str:
    sources = " → ".join(map(_source, field.sources)) or "no source"
    notes = [
        *(["required"] if field.required_for_gold else []),
        *(["waits"] if field.when_unavailable is WhenUnavailable.WAIT else []),
        *([field.on_disagreement] if field.on_disagreement is not OnDisagreement.FIRST else []),
        *([f"kept {field.keep_days} days"] if field.keep_days else []),
    ]
    said = f"  ({', '.join(notes)})" if notes else ""
    return f"  {field.field:<18} {sources}{said}"


def _source(step: WaterfallStep) -> str:
    return f"{step.provider} ≥ {step.min_confidence:.2f}{'' if step.enabled else ' off'}"


WATERFALL = App(name="waterfall", help="Which source gives each field; its versions, and the next one.")
WATERFALL.command(show, name="show")
WATERFALL.command(history, name="history")
WATERFALL.command(show_diff, name="diff")
WATERFALL.command(export, name="export")
WATERFALL.command(apply, name="apply")
WATERFALL.command(revert, name="revert")
WATERFALL.command(preview, name="preview")

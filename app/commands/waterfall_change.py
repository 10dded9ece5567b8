"""`waterfall apply` and `waterfall revert`: the next version, shown before it is put in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from app.commands.deploy import confirm
from app.commands.options import Common, Yes, unusable
from app.terminal import Terminal
from app.waterfall_files import read_waterfall
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.contracts.waterfall import WaterfallChange, WaterfallConfiguration, WaterfallField
from backend.contracts.waterfall_diff import FieldDiff, diff
from backend.contracts.waterfall_rules import problems, warnings

Comment = Annotated[str, Parameter(help="Why; it is kept with your name.")]
DryRun = Annotated[bool, Parameter(negative="", help="Show the difference; change nothing.")]


@dataclass(frozen=True)
class Wanted:
    """What the next version should be."""

    fields: Sequence[WaterfallField]
    comment: str
    base: int | None
    """The version it was made from; none: the one in force."""


def apply(
    file: Path,
    *,
    comment: Comment,
    base: Annotated[int | None, Parameter(help="Put it in place of this version.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Put the waterfall of a file in force as the next version."""
    held = read_waterfall(file)
    wanted = Wanted(held.fields, comment, held.version if base is None else base)
    return _put_in_force(common or Common(), wanted, dry_run=dry_run, yes=yes)


def revert(
    version: int,
    *,
    comment: Comment,
    dry_run: DryRun = False,
    yes: Yes = False,
    common: Common | None = None,
) -> int:
    """Put the content of an earlier version in force, as a new version."""
    common = common or Common()
    old = common.composition().waterfall().version(common.environment, version)
    wanted = Wanted(old.fields, f"Revert to version {version}: {comment}", None)
    return _put_in_force(common, wanted, dry_run=dry_run, yes=yes)


def tell_differences(terminal: Terminal, found: Sequence[FieldDiff]) -> None:
    """A line a field."""
    for each in found:
        terminal.event("difference", text=each.sentence(), **each.model_dump(mode="json"))
        terminal.say(each.sentence())


def _put_in_force(common: Common, wanted: Wanted, *, dry_run: bool, yes: bool) -> int:
    terminal, composition = common.terminal(), common.composition()
    waterfall = composition.waterfall()
    in_force = waterfall.configuration(common.environment)
    change = _change(wanted, in_force.version, waterfall.operator())
    found = diff(in_force.fields, change.fields)
    if not found:
        terminal.say(f"Nothing differs from version {in_force.version}, which is in force.")
        return ExitCode.DONE
    _refuse_outdated(change, in_force)
    _refuse_unusable(change.fields)
    tell_differences(terminal, found)
    _tell_doubts(terminal, change)
    if dry_run:
        terminal.say("Dry run: nothing was changed.", "bold")
        return ExitCode.DONE
    if not yes:
        environment = composition.environments.get(common.environment)
        confirm(terminal, environment, f"Put this in force in place of version {in_force.version}?")
    done = waterfall.apply(common.environment, change)
    terminal.event("applied", version=done.version, base_version=change.base_version)
    terminal.say(f"Version {done.version} is in force; every worker uses it within 2 s.", "bold green")
    return ExitCode.DONE


def _change(wanted: Wanted, in_force: int, author: str) -> WaterfallChange:
    try:
        return WaterfallChange(
            base_version=in_force if wanted.base is None else wanted.base,
            author=author,
            comment=wanted.comment,
            fields=list(wanted.fields),
        )
    except ValidationError as error:
        raise unusable(error) from None


def _refuse_outdated(change: WaterfallChange, in_force: WaterfallConfiguration) -> None:
    base, newer = change.base_version, in_force.version
    if base == newer:
        return
    raise OperatorError(
        f"Version {newer} by {in_force.author} is in force, but this was made from version {base}. "
        "Nothing was changed.",
        f"See what changed meanwhile: main.py waterfall diff {base} {newer}. Then export again and repeat "
        f"your change, or put this in place of the newer one: --base {newer}",
        exit_code=ExitCode.REFUSED,
    )


def _refuse_unusable(fields: Sequence[WaterfallField]) -> None:
    if found := problems(fields):
        told = " ".join(f"{one.field or 'waterfall'}: {one.problem}" for one in found)
        raise OperatorError(f"Nothing was changed. {told}", exit_code=ExitCode.REFUSED)


def _tell_doubts(terminal: Terminal, change: WaterfallChange) -> None:
    """Show what is probably not meant."""
    for doubt in warnings(change.fields):
        terminal.event("warning", **doubt.model_dump(mode="json"))
        place = ", ".join(filter(None, (doubt.field, doubt.provider)))
        terminal.say(f"! {place}: {doubt.problem}", "yellow")

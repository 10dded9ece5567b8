"""`environments`: the profiles, listed, added, changed, tested and removed."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from app.commands.options import Common, Yes
from app.terminal import Terminal
from backend.contracts.connection import ConnectionReport
from backend.contracts.environment import TargetKind, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.profile_form import FIELDS, default_of
from backend.contracts.profiles import Profile, Removal
from backend.contracts.runs import CriterionState, ExitCode

Set = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="FIELD=VALUE, as ports.gateway=9022; may be repeated."),
]
Unset = Annotated[
    list[str] | None,
    Parameter(name="--unset", negative="", help="FIELD that gets its default again; may be repeated."),
]
_VERDICTS = {
    CriterionState.MET: ("Everything that can be looked at is as it should be.", "bold green"),
    CriterionState.WARNING: ("It can be used; look at the warnings.", "bold yellow"),
    CriterionState.FAILED: ("It cannot be used like this.", "bold red"),
    CriterionState.UNKNOWN: ("Not everything answered: whether it can be used is unknown.", "bold magenta"),
}
_CODES = {CriterionState.FAILED: ExitCode.FAILED, CriterionState.UNKNOWN: ExitCode.INCONCLUSIVE}


def list_profiles(*, common: Common | None = None) -> int:
    """List all environments."""
    common = common or Common()
    terminal = common.terminal()
    for profile in common.composition().profiles().profiles():
        terminal.event("environment", **_json(profile))
        terminal.say(_line(profile), "" if profile.environment else "red")
    return ExitCode.DONE


def show(name: str, *, common: Common | None = None) -> int:
    """Show every field of an environment, and which of them its file sets."""
    common = common or Common()
    terminal = common.terminal()
    profile = common.composition().profiles().profile(name)
    terminal.event("environment", **_json(profile))
    _show(terminal, profile)
    return ExitCode.DONE if profile.environment else ExitCode.REFUSED


def add(
    name: str,
    *,
    kind: TargetKind = TargetKind.LOCAL,
    tier: Tier = Tier.DEV,
    given: Set = None,
    common: Common | None = None,
) -> int:
    """Add an environment. Nothing is started there."""
    common = common or Common()
    common.refuse_unwritable_home()
    values = {"kind": kind.value, "tier": tier.value, **_pairs(given)}
    profile = common.composition().profiles().save(name, values, new=True)
    return _saved(common.terminal(), profile, "added")


def edit(name: str, *, given: Set = None, unset: Unset = None, common: Common | None = None) -> int:
    """Change fields of an environment. Comments in its file stay."""
    common = common or Common()
    profiles = common.composition().profiles()
    dropped = _known(unset or [])
    values = {**profiles.profile(name).values, **_pairs(given)}
    kept = {field: text for field, text in values.items() if field not in dropped}
    return _saved(common.terminal(), profiles.save(name, kept, new=False), "saved")


def check(name: str, *, common: Common | None = None) -> int:
    """Test whether an environment can be reached and used. Changes nothing; ends after 10 s at the latest."""
    common = common or Common()
    terminal, profiles = common.terminal(), common.composition().profiles()
    profile = profiles.profile(name)
    if profile.environment is None:
        raise OperatorError(profile.problem, profile.remedy, exit_code=ExitCode.REFUSED)
    told: set[str] = set()
    for report in profiles.test(name, profile.values):
        _tell_new(terminal, report, told)
        last = report
    words, style = _VERDICTS[last.verdict]
    terminal.event("connection", environment=name, verdict=last.verdict.value, seconds=last.seconds)
    terminal.say(words, style)
    return _CODES.get(last.verdict, ExitCode.DONE)


def remove(name: str, *, yes: Yes = False, common: Common | None = None) -> int:
    """Remove an environment's profile. Its data and backups stay where they are."""
    common = common or Common()
    terminal, profiles = common.terminal(), common.composition().profiles()
    removal = profiles.removal(name)
    if not removal.refused and not yes:
        _ask(terminal, removal)
    profiles.remove(name)
    terminal.event("removed", **removal.model_dump(mode="json"))
    terminal.say(f"{name} is removed.{_stays(removal)}", "bold")
    return ExitCode.DONE


def _ask(terminal: Terminal, removal: Removal) -> None:
    if not terminal.is_interactive:
        raise OperatorError(
            "Nobody is there to confirm, so nothing was removed.",
            "Add --yes when this is meant.",
            exit_code=ExitCode.REFUSED,
        )
    doubt = f" {removal.doubt[:1].upper()}{removal.doubt[1:]}." if removal.doubt else ""
    if not terminal.confirm(f"Remove {removal.name}?{_stays(removal)}{doubt}", removal.name):
        raise OperatorError("Not confirmed, so nothing was removed.", exit_code=ExitCode.REFUSED)


def _stays(removal: Removal) -> str:
    if not removal.stays:
        return " It has no data here."
    return f" Data, backups and secrets stay in {', '.join(removal.stays)}."


def _tell_new(terminal: Terminal, report: ConnectionReport, told: set[str]) -> None:
    for finding in report.findings:
        if finding.state is not CriterionState.CHECKING and finding.key not in told:
            told.add(finding.key)
            terminal.finding(finding)


def _saved(terminal: Terminal, profile: Profile, verb: str) -> int:
    terminal.event("environment", **_json(profile))
    terminal.say(f"{profile.name} is {verb}: {profile.path}", "bold green")
    if profile.environment is None:
        terminal.say(f"It cannot be used yet. {profile.problem}", "yellow")
        return ExitCode.REFUSED
    return ExitCode.DONE


def _pairs(given: Sequence[str] | None) -> dict[str, str]:
    """`FIELD=VALUE` taken apart; an unknown field is a usage error."""
    pairs = [each.partition("=") for each in given or ()]
    if bad := [field for field, sign, _ in pairs if not sign]:
        raise OperatorError(f"{bad[0]} is no FIELD=VALUE.", exit_code=ExitCode.USAGE)
    _known([field for field, _, _ in pairs])
    return {field: value for field, _, value in pairs}


def _known(fields: Sequence[str]) -> Sequence[str]:
    if bad := [field for field in fields if field not in FIELDS]:
        known = ", ".join(FIELDS)
        raise OperatorError(f"There is no field {bad[0]}.", f"Fields are: {known}.", exit_code=ExitCode.USAGE)
    return fields


def _json(profile: Profile) -> dict[str, object]:
    content = profile.model_dump(mode="json", exclude={"environment"})
    environment = profile.environment
    return {**content, "environment": environment.model_dump(mode="json") if environment else None}


def _line(profile: Profile) -> str:
    environment = profile.environment
    if environment is None:
        return f"  {profile.name:<20} broken: {profile.problem}"
    return f"  {profile.name:<20} {environment.tier.value:<11} {environment.kind.value:<8} {environment.host}"


def _show(terminal: Terminal, profile: Profile) -> None:
    terminal.say(f"{profile.name}  {profile.path}{'' if profile.exists else ' (no file: defaults)'}", "bold")
    kind = profile.values.get("kind") or TargetKind.LOCAL
    known_kind = kind if kind in tuple(TargetKind) else TargetKind.LOCAL
    for field in FIELDS:
        value, default = profile.values.get(field, ""), default_of(field, known_kind)
        if value or default:
            terminal.say(f"  {field:<24} {value or f'{default} (default)'}")
    for entry in profile.unknown:
        terminal.say(f"  {entry:<24} unknown to the console", "yellow")
    if profile.problem:
        terminal.say(f"{profile.problem} {profile.remedy}", "red")


ENVIRONMENTS = App(name="environments", help="Environments: list, add, change, test, remove.")
ENVIRONMENTS.default(list_profiles)
ENVIRONMENTS.command(list_profiles, name="list")
ENVIRONMENTS.command(show, name="show")
ENVIRONMENTS.command(add, name="add")
ENVIRONMENTS.command(edit, name="edit")
ENVIRONMENTS.command(check, name="test")
ENVIRONMENTS.command(remove, name="remove")

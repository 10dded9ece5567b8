"""Works out what a deployment would do. Looks at files and the journal only, and changes nothing."""

from backend.contracts.environment import TargetKind
from backend.contracts.runs import DeployOptions, Plan, PlannedStep, RunKind
from backend.deployment import playbook
from backend.deployment.context import planned_criteria
from backend.deployment.journal_reader import JournalReader
from backend.targets.port import Target


def plan_deploy(target: Target, reader: JournalReader, options: DeployOptions) -> Plan:
    """The plan of a deployment with these options."""
    release = target.next_release_id()
    return Plan(
        kind=RunKind.DEPLOY,
        environment=target.environment.name,
        release=release,
        steps=tuple(_step(text, target, reader, options, release) for text in playbook.STEPS),
        warnings=_warnings(options),
    )


def estimate(
    reader: JournalReader,
    environment: str,
    kind: RunKind,
    key: str,
    otherwise: tuple[float, float],
    source: str,
) -> tuple[tuple[float, float], str]:
    """Shortest and longest seconds of a step, and where they are from: former runs where there are any."""
    former = reader.step_seconds(environment, kind, key)
    if not former:
        return otherwise, source
    runs = "last run" if len(former) == 1 else f"last {len(former)} runs"
    return (min(former), max(former)), runs


def _step(
    text: playbook.StepText, target: Target, reader: JournalReader, options: DeployOptions, release: str
) -> PlannedStep:
    local = target.environment.kind is TargetKind.LOCAL
    otherwise = text.local_seconds if local else (text.minutes[0] * 60, text.minutes[1] * 60)
    source = "measured on two cores" if local else "playbook"
    seconds, source = estimate(reader, target.environment.name, RunKind.DEPLOY, text.key, otherwise, source)
    if text.key == playbook.WATCH and options.watch_minutes:
        seconds, source = (options.watch_minutes * 60.0, options.watch_minutes * 60.0), "as asked for"
    skip_reason = _skip_reason(text.key, options)
    return PlannedStep(
        key=text.key,
        number=text.number,
        title=text.title,
        summary=text.summary,
        commands=tuple(target.commands(text.key, release)),
        criteria=planned_criteria(text.criteria),
        estimate_seconds=seconds,
        estimate_source=source,
        on_failure=_on_failure(text, options),
        common_causes=text.common_causes,
        skipped=bool(skip_reason),
        skip_reason=skip_reason,
    )


def _skip_reason(key: str, options: DeployOptions) -> str:
    if key == playbook.BACKUP and options.skip_backup:
        return "Skipped as asked for: there will be no backup to return to."
    if key == playbook.SMOKE and options.skip_tests:
        return "Skipped as asked for."
    if key == playbook.WATCH and not options.watch_minutes:
        return "Not asked for."
    return ""


def _on_failure(text: playbook.StepText, options: DeployOptions) -> str:
    rolls_back = text.key in (
        playbook.MIGRATE, playbook.NEW_SERVICES, playbook.UPDATE_SERVICES, playbook.HEALTH, playbook.SMOKE
    )  # fmt: skip
    if rolls_back and not options.automatic_rollback:
        return "Automatic rollback is off: everything stays as the failure left it, for you to judge."
    return text.on_failure


def _warnings(options: DeployOptions) -> tuple[str, ...]:
    warnings = []
    if options.skip_backup:
        warnings.append("Without a backup a failed migration can only be taken back by its down files.")
    if options.skip_tests:
        warnings.append("Without smoke tests nobody has seen a track go through before users do.")
    if not options.automatic_rollback:
        warnings.append("Without automatic rollback a failure leaves the stack as it is until you act.")
    return tuple(warnings)

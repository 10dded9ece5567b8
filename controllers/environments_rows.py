"""How environments, their fields and the findings of a test read."""

from collections.abc import Sequence

from backend.contracts.connection import ConnectionReport
from backend.contracts.environment import TargetKind, Tier
from backend.contracts.profiles import Profile, Removal
from backend.contracts.runs import CriterionState
from controllers.environments import NEW, Draft
from controllers.marks import Mark, Shape
from controllers.rows import Row
from controllers.session import title_of

_BROKEN = Mark(Shape.CROSS, "bad", "broken")
_CHANGED = Mark(Shape.HALF_DISC, "accent", "not saved")
_MARKS = {
    Tier.DEV: Mark(Shape.DISC, "info", "dev"),
    Tier.STAGING: Mark(Shape.DISC, "warn", "staging"),
    Tier.PRODUCTION: Mark(Shape.LOCK, "warn", "production"),
}
_PLACES = {TargetKind.LOCAL: "local processes", TargetKind.COMPOSE: "Docker Compose"}
_VERDICTS = {
    CriterionState.CHECKING: ("Testing…", "info"),
    CriterionState.MET: ("Can be used", "ok"),
    CriterionState.WARNING: ("Can be used, with doubts", "warn"),
    CriterionState.FAILED: ("Cannot be used like this", "bad"),
    CriterionState.UNKNOWN: ("Unknown", "warn"),
}

TITLES = {
    "kind": "Kind",
    "tier": "Tier",
    "host": "Host",
    "database": "Database",
    "database_user": "User",
    "watch_minutes": "Watch after deploying",
    "prometheus_url": "Prometheus",
    "grafana_url": "Grafana",
    "compose.docker_host": "Docker host",
    "compose.tls_folder": "TLS folder",
    "compose.project": "Compose project",
    "compose.folder": "Compose folder",
    "compose.simulated": "Provider simulator",
    "compose.workers": "Workers",
    "ports.dlq_manager": "dlq-manager",
}
HINTS = {
    "compose.docker_host": "unix:///var/run/docker.sock, ssh://user@host, tcp://host:2376",
    "compose.tls_folder": "with ca.pem, cert.pem, key.pem; for tcp:// only",
    "compose.folder": "where docker-compose.yml is; the console's own",
    "prometheus_url": "http://host:9090",
    "grafana_url": "http://host:3000",
    "watch_minutes": "minutes; 0 in dev, 30 elsewhere",
}


def title(field: str) -> str:
    """What a field is called."""
    return TITLES.get(field, field.rpartition(".")[2].replace("_", "-"))


def profile_rows(profiles: Sequence[Profile], drafts: Sequence[Draft]) -> list[Row]:
    """The list, with the one that is being added last."""
    changed = {draft.name for draft in drafts if not draft.new}
    rows = [_row(profile, changed=profile.name in changed) for profile in profiles]
    new = next((draft for draft in drafts if draft.new), None)
    if new is not None:
        rows.append(Row(NEW, _CHANGED, new.name or "New environment", "not saved yet"))
    return rows


def _row(profile: Profile, *, changed: bool) -> Row:
    environment = profile.environment
    if environment is None:
        return Row(profile.name, _BROKEN, profile.name, "its file is broken")
    tier = environment.tier
    mark = _CHANGED if changed else _MARKS[tier]
    where = "changes not saved" if changed else f"{_PLACES[environment.kind]} · {environment.host}"
    named_so = tier is Tier.DEV or profile.name == tier.value
    return Row(profile.name, mark, title_of(environment), where, "" if named_so else tier.value)


def verdict(report: ConnectionReport | None) -> tuple[str, str]:
    """The words and the tone of a report."""
    return ("Not tested", "muted") if report is None else _VERDICTS[report.verdict]


def removal_words(removal: Removal) -> str:
    """What is asked before a profile is removed."""
    stays = f"Data, backups and secrets stay in {', '.join(removal.stays)}." if removal.stays else (
        "It has no data on this machine."
    )  # fmt: skip
    doubt = f" Mind: {removal.doubt}" if removal.doubt else ""
    return f"Only its profile is deleted. {stays}{doubt}"

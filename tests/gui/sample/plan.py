"""The playbook's ten steps as a plan, for a local sandbox."""

from backend.contracts.runs import DeployOptions, Plan, PlannedCriterion, PlannedStep, RunKind

RELEASE = "2026.11.23-3"

_FULL = (
    "Everything is rolled back: the services of release 2026.11.21-1 start again, migrations are reverted."
)
_SERVICES_ONLY = (
    "Only services are rolled back: both new services are stopped. The migrated schema stays, since the "
    "release before runs on it."
)

# key, title, summary, commands, criteria, estimate in seconds, on failure, common causes
_STEPS: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[float, float], str, str], ...] = (
    (
        "validate",
        "Validate environment",
        "Checks tools, disk, memory, ports and the environment's profile. Changes nothing.",
        ("./scripts/validate_environment.sh",),
        ("All validation checks pass", "No critical warnings"),
        (2, 5),
        "Nothing has changed yet. The deployment is refused and says what to fix.",
        "less than 10 GB of free disk, a port in use, a profile with a mistake.",
    ),
    (
        "backup",
        "Back up database",
        "Dumps the database, compresses it and restores it into a scratch database to prove it.",
        ("pg_dump -U musicdb_user -d musicdb --clean --if-exists | gzip > backups/database/before.sql.gz",),
        ("Backup file created in backups/database/", "Backup file compressed and validated"),
        (3, 10),
        "Nothing has changed yet. The deployment ends; without a proven backup nothing is migrated.",
        "a full disk, PostgreSQL not running, wrong credentials.",
    ),
    (
        "migrate",
        "Migrate database",
        "Applies migrations 001 to 005, each in one transaction with its verification.",
        ("./scripts/migrate_database.sh --yes",),
        ("All migrations applied successfully", "Verification checks pass", "No rollback triggered"),
        (2, 6),
        "The database is rolled back: the migrations of this run are reverted.",
        "a lock held by another session, a checksum that changed, a missing privilege.",
    ),
    (
        "build",
        "Build service images",
        "Makes the release folder: code, its own environment, nothing that runs is touched.",
        ("docker compose build api-gateway-internal dlq-manager metadata-enrichment",),
        ("All images build without errors", "Image sizes reasonable (under 500 MB each)"),
        (4, 15),
        "No rollback is needed: fix the cause and deploy again.",
        "a package that cannot be downloaded, a full disk.",
    ),
    (
        "deploy",
        "Deploy new services",
        "Starts the API gateway, waits until it is healthy, then the DLQ manager. The running enrichment "
        "service is not touched.",
        ("docker compose up -d api-gateway-internal", "docker compose up -d dlq-manager"),
        (
            "Container api-gateway-internal started",
            "Health endpoint of api-gateway-internal answers",
            "api-gateway-internal stays up for 10 s without a restart",
            "Container dlq-manager started",
            "Health endpoint of dlq-manager answers",
        ),
        (12, 30),
        _SERVICES_ONLY,
        "a port in use, a missing variable in .env, a database that refuses the login.",
    ),
    (
        "update",
        "Update existing services",
        "Restarts metadata-enrichment on the new release with the waterfall from the database.",
        ("docker compose up -d --force-recreate metadata-enrichment",),
        ("Service restarts successfully", "Loads new waterfall configuration", "No errors in logs"),
        (6, 15),
        _SERVICES_ONLY,
        "a waterfall without sources, a database that refuses the login.",
    ),
    (
        "health",
        "Verify health",
        "Asks every service and the infrastructure for their health until all are well.",
        ("./scripts/comprehensive_health_check.sh --wait --timeout 60",),
        (
            "All infrastructure services healthy",
            "All enrichment services healthy",
            "No circuit breakers open",
            "No critical warnings",
        ),
        (3, 10),
        _FULL,
        "a service that restarts in a loop, an open circuit breaker.",
    ),
    (
        "smoke",
        "Smoke tests",
        "Sends real requests through gateway, enrichment and dead-letter queue.",
        ("./scripts/smoke_tests.sh --verbose",),
        ("All smoke tests pass", "No critical failures"),
        (4, 12),
        "Depends on severity: a critical failure rolls services back, a lesser one asks you.",
        "a provider without credentials, an empty waterfall.",
    ),
    (
        "monitoring",
        "Verify monitoring",
        "Looks whether Prometheus scrapes every service and Grafana shows its dashboards.",
        ("curl http://localhost:9091/api/v1/targets",),
        ("Prometheus scraping all targets", "Grafana healthy and accessible", "Dashboards loading correctly"),
        (1, 3),
        "No rollback is needed: the stack serves, only its watching is incomplete.",
        "Prometheus is not part of this environment.",
    ),
    (
        "watch",
        "Watch",
        "Watches logs, metrics, layers and breakers. The runner does it; the window may be closed.",
        ("docker compose logs -f api-gateway-internal dlq-manager metadata-enrichment",),
        (
            "No errors in logs",
            "Metrics within expected ranges",
            "Data flowing through Medallion layers",
            "Circuit breakers closed",
        ),
        (0, 1800),
        "Three bad signals in a row roll everything back. Too little data rolls nothing back and says so.",
        "",
    ),
)


def sample_plan(options: DeployOptions, environment: str = "sandbox") -> Plan:
    """The plan a deployment with `options` would have."""
    steps = tuple(_step(number, *entry, options) for number, entry in enumerate(_STEPS, start=1))
    return Plan(
        kind=RunKind.DEPLOY,
        environment=environment,
        release=RELEASE,
        steps=steps,
        warnings=_warnings(options),
    )


def _step(
    number: int,
    key: str,
    title: str,
    summary: str,
    commands: tuple[str, ...],
    criteria: tuple[str, ...],
    seconds: tuple[float, float],
    on_failure: str,
    causes: str,
    options: DeployOptions,
) -> PlannedStep:
    reason = _skip_reason(key, options)
    return PlannedStep(
        key=key,
        number=number,
        title=title,
        summary=summary,
        commands=commands,
        criteria=tuple(
            PlannedCriterion(key=f"{key}-{place}", text=text) for place, text in enumerate(criteria)
        ),
        estimate_seconds=(options.watch_minutes * 60.0,) * 2 if key == "watch" else seconds,
        estimate_source="last 5 runs" if number < 7 else "playbook",
        on_failure=on_failure
        if options.automatic_rollback
        else "The run stops and leaves everything as it is.",
        common_causes=causes,
        skipped=bool(reason),
        skip_reason=reason,
    )


def _skip_reason(key: str, options: DeployOptions) -> str:
    if key == "backup" and options.skip_backup:
        return "you chose to skip the backup"
    if key == "smoke" and options.skip_tests:
        return "you chose to skip the smoke tests"
    if key == "watch" and not options.watch_minutes:
        return "no watch was asked for"
    return ""


def _warnings(options: DeployOptions) -> tuple[str, ...]:
    warnings = []
    if options.skip_backup:
        warnings.append("Without a backup a failed migration can only be taken back by its down scripts.")
    if options.skip_tests:
        warnings.append("Without smoke tests a service that answers but works wrongly goes unnoticed.")
    if not options.automatic_rollback:
        warnings.append("Automatic rollback is off: after a failure the stack stays as it is then.")
    return tuple(warnings)

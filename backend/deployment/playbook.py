"""The ten steps of the deployment playbook: titles, success criteria, times and what a failure calls for.

Times are the playbook's; for a local stack, where nothing is pulled and little is copied, they are what
such steps took when they were measured on two cores.
"""

from dataclasses import dataclass

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY

VALIDATE = "validate"
BACKUP = "backup"
MIGRATE = "migrate"
BUILD = "build"
NEW_SERVICES = "new-services"
UPDATE_SERVICES = "update-services"
HEALTH = "health"
SMOKE = "smoke"
MONITORING = "monitoring"
WATCH = "watch"


@dataclass(frozen=True)
class StepText:
    """What the playbook says of one step."""

    key: str
    number: int
    title: str
    summary: str
    criteria: tuple[tuple[str, str], ...]
    minutes: tuple[float, float]
    local_seconds: tuple[float, float]
    on_failure: str
    common_causes: str


STEPS: tuple[StepText, ...] = (
    StepText(
        VALIDATE,
        1,
        "Validate environment",
        "Checks disk, memory, ports, database and configuration. Nothing of the stack is touched.",
        (("checks", "All validation checks pass"), ("warnings", "No critical warnings")),
        (2, 2),
        (0.1, 1),
        "Nothing was changed, so nothing is rolled back. Mend what the checks name and deploy again.",
        "A port in use, a full disk, a database that refuses the login.",
    ),
    StepText(
        BACKUP,
        2,
        "Back up database",
        "Dumps the database and restores the dump into a scratch database to prove it.",
        (
            ("created", "Backup file created in backups/database/"),
            ("verified", "Backup compressed and validated"),
        ),
        (1, 5),
        (0.3, 1),
        "The deployment stops before anything is changed: there is no migration without a proven backup.",
        "No disk space, PostgreSQL not running, wrong credentials.",
    ),
    StepText(
        MIGRATE,
        3,
        "Migrate database",
        "Applies the pending migrations of the Bronze, Silver and Gold layers, the waterfall and replay. "
        "Each file is verified inside its own transaction before it is committed.",
        (
            ("applied", "All migrations applied"),
            ("verified", "Verification checks pass"),
            ("no-rollback", "No rollback triggered"),
        ),
        (5, 10),
        (0.3, 1),
        "The failed file leaves nothing behind; the files that this run applied before it are taken back.",
        "A lock held by another session, a conflicting schema change, missing permissions.",
    ),
    StepText(
        BUILD,
        4,
        "Build services",
        "Makes the release that the services start from. What runs now goes on running.",
        (("built", "All services build without errors"), ("size", "Size reasonable (below 500 MB each)")),
        (5, 10),
        (2, 5),
        "Nothing is rolled back: the running services were not touched. Mend the build and deploy again.",
        "A package that is missing, code that does not import.",
    ),
    StepText(
        NEW_SERVICES,
        5,
        "Deploy new services",
        "Starts the API gateway, waits until it is healthy, then the DLQ manager. "
        "The running enrichment service is not touched.",
        (
            (f"started-{GATEWAY}", f"{GATEWAY} started"),
            (f"healthy-{GATEWAY}", f"{GATEWAY} answers healthy"),
            (f"started-{DLQ_MANAGER}", f"{DLQ_MANAGER} started"),
            (f"healthy-{DLQ_MANAGER}", f"{DLQ_MANAGER} answers healthy"),
            ("stable", "No crash within the first seconds"),
        ),
        (2, 3),
        (2.5, 4),
        "Only services are rolled back: each starts the release it ran before, or stops when there was none. "
        "The migrated schema stays.",
        "A port in use, a missing setting, a database that refuses the login.",
    ),
    StepText(
        UPDATE_SERVICES,
        6,
        "Update existing services",
        "Restarts metadata-enrichment on the new release with the new waterfall configuration.",
        (
            (f"started-{ENRICHMENT}", f"{ENRICHMENT} restarted"),
            (f"healthy-{ENRICHMENT}", f"{ENRICHMENT} answers healthy"),
            ("waterfall", "New waterfall configuration loaded"),
            ("log", "No errors in its log"),
        ),
        (1, 2),
        (0.6, 2),
        "Only services are rolled back: each starts the release it ran before, or stops when there was none. "
        "The migrated schema stays.",
        "A wrong configuration, no connection to database or gateway.",
    ),
    StepText(
        HEALTH,
        7,
        "Verify health",
        "Asks every part of the stack whether it is healthy and looks at the circuit breakers.",
        (),
        (1, 2),
        (0.1, 1),
        "Everything is rolled back: the services to their previous release, and this run's migrations.",
        "A service that cannot reach the database, a breaker that opened at once.",
    ),
    StepText(
        SMOKE,
        8,
        "Run smoke tests",
        "Ten questions a working stack answers, with one track sent through all layers.",
        (),
        (2, 3),
        (0.2, 1),
        "Evaluated: a critical failure, or more than one, rolls the services back. "
        "A single lesser failure is left for you to judge.",
        "A wrong configuration, a provider that does not answer.",
    ),
    StepText(
        MONITORING,
        9,
        "Verify monitoring",
        "Checks that metrics are exported, and Prometheus and Grafana where the environment has them.",
        (),
        (1, 2),
        (0.1, 1),
        "Nothing is rolled back: the stack serves. The run ends as failed so that monitoring gets mended.",
        "A scrape target that is missing, Grafana without its data source.",
    ),
    StepText(
        WATCH,
        10,
        "Watch",
        "Watches logs, health, circuit breakers and the flow through the layers. "
        "It goes on in the background and holds nobody up.",
        (
            ("log", "No errors in logs"),
            ("metrics", "Services healthy and answering fast"),
            ("flow", "Data flows through Bronze, Silver and Gold"),
            ("breakers", "Circuit breakers closed"),
        ),
        (30, 60),
        (30 * 60, 60 * 60),
        "Nothing is rolled back by itself. You are told what was seen, and may roll back with one click.",
        "Errors under real load, a provider that fails.",
    ),
)

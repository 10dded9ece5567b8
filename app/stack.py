"""Looks at stacks: what runs, what is deployed, what needs a person."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime

from app.environments import Environments
from app.letters_meter import missing, threatened
from app.stack_lock import can_be_locked, locked
from backend.clients.json_service import WriteGuard
from backend.clients.services import Answer, ServiceClient
from backend.contracts.access import refuse_production
from backend.contracts.enrichment import EndToEndResult, EnrichRequest
from backend.contracts.environment import (
    DLQ_MANAGER,
    GATEWAY,
    POSTGRES,
    PROVIDER_SIMULATOR,
    SERVICES,
    Environment,
)
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ExitCode, Finding, RunState
from backend.contracts.stack import NO_SCHEMA, ServiceState, ServiceStatus, StackStatus
from backend.database import medallion
from backend.database.lock import DeploymentLock
from backend.deployment.attention import problems
from backend.deployment.checks import health
from backend.deployment.journal_reader import JournalReader
from backend.deployment.steps.migrate import medallion_runner
from backend.targets.orphans import WITHOUT_SUPERVISOR
from backend.targets.port import Output, Target


class Stack:
    """The stack port of the controllers, and what the command line uses."""

    def __init__(
        self,
        environments: Environments,
        target: Callable[[str], Target],
        reader: JournalReader,
        guard: WriteGuard = refuse_production,
    ) -> None:
        self._environments = environments
        self._target = target
        self._reader = reader
        self._guard = guard

    def environments(self) -> Sequence[Environment]:
        """All usable profiles, `sandbox` first; a broken one is a problem in every environment's status."""
        return self._environments.usable()

    def status(self, environment: str) -> StackStatus:
        """Measure what runs now. A part that does not answer is unknown, never assumed."""
        target = self._target(environment)
        seen = target.services()
        with self._client(target, timeout=2) as client:
            services = [_measured(target, client, status) for status in seen]
            breakers = _breakers(client.health(GATEWAY)) if _is_up(services, GATEWAY) else None
            has_letters = _is_up(services, DLQ_MANAGER)
            stats = client.dead_letter_stats() if has_letters else None
            meter = client.dead_letter_meter() if has_letters else None
        release = next((s.release for s in services if s.name in SERVICES and s.release), "")
        status = StackStatus(
            environment=environment,
            measured_at=datetime.now(UTC),
            deployed=bool(release),
            release=release,
            services=tuple(services),
            breakers=breakers,
            dead_letters=_count(stats.value("total_pending")) if stats else None,
            letters_missing=missing(meter),
            letters_threatened=threatened(meter),
        )
        status = _with_database(target, status)
        found = (*problems(status, self._reader), *self._broken_profiles())
        return status.model_copy(update={"problems": found})

    def health(self, environment: str) -> Sequence[Finding]:
        """Run the comprehensive health check once."""
        target = self._target(environment)
        with self._client(target) as client:
            return health.check(target, client)

    def up(self, environment: str, output: Output | None = None) -> None:
        """Start the stack on the releases it ran last; refused while a run is at work on it."""
        target = self._target(environment)
        self._guard(target.environment)
        self._refuse_while_at_work(target)
        if not can_be_locked(target):
            target.prepare(output or _silent)
        with locked(target, "main.py up"):
            target.up(output or _silent)

    def down(self, environment: str, output: Output | None = None) -> None:
        """Stop the stack; its data stays. Refused while a run is at work on it."""
        target = self._target(environment)
        self._guard(target.environment)
        self._refuse_while_at_work(target)
        with locked(target, "main.py down") if can_be_locked(target) else nullcontext():
            target.down(output or _silent)

    def end_to_end(self, environment: str, request: EnrichRequest) -> EndToEndResult:
        """Run the playbook's manual end-to-end test and read the three layers from the database."""
        target = self._target(environment)
        self._guard(target.environment)
        with self._client(target) as client:
            answer = client.enrich(request)
        if answer.error:
            raise OperatorError(
                f"metadata-enrichment did not answer: {answer.error}.",
                "Deploy first, or start the stack with: main.py up",
            )
        return EndToEndResult(
            request=request,
            http_status=answer.status,
            response=answer.body if isinstance(answer.body, dict) else {"answer": answer.body},
            milliseconds=answer.milliseconds,
            rows=medallion.rows_of_track(target.musicdb(), request.track_id),
        )

    def _refuse_while_at_work(self, target: Target) -> None:
        """Starting or stopping services under a deployment or rollback would wreck it."""
        run = self._reader.active_run(target.environment.name)
        if run is not None and run.state.is_active and run.state is not RunState.WATCHING:
            raise OperatorError(
                f"The {run.kind.value} {run.id} of {run.operator} on {run.host} is {run.state.value} on "
                f"{run.environment}. Nothing was changed.",
                f"Wait until it has ended, or stop it: main.py runs stop {run.id}",
                exit_code=ExitCode.LOCKED,
            )

    def _broken_profiles(self) -> list[Finding]:
        return [
            Finding(
                key=f"profile-{name}",
                title=f"The profile {name} is broken",
                state=CriterionState.WARNING,
                evidence=error.message,
                remedy=error.remedy,
                critical=False,
            )
            for name, error in self._environments.broken().items()
        ]

    def _client(self, target: Target, timeout: float = 5.0) -> ServiceClient:
        return ServiceClient(target.environment, target.admin_token(), timeout)


def _silent(_source: str, _text: str) -> None:
    """For callers that show the outcome and not the way there."""


def _measured(target: Target, client: ServiceClient, status: ServiceStatus) -> ServiceStatus:
    if status.process_id is None:
        return status
    if status.name == POSTGRES:
        return _with_connection(target, status)
    if status.name in (*SERVICES, PROVIDER_SIMULATOR):
        return _with_health(client, status)
    return status


def _with_connection(target: Target, status: ServiceStatus) -> ServiceStatus:
    """PostgreSQL has no health endpoint: it is healthy when it takes a connection and answers."""
    started = time.monotonic()
    try:
        with target.musicdb().connect(autocommit=True, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except OperatorError as error:
        return status.model_copy(update={"state": ServiceState.UNKNOWN, "detail": error.message})
    milliseconds = round((time.monotonic() - started) * 1000, 1)
    return status.model_copy(update={"state": ServiceState.HEALTHY, "health_ms": milliseconds})


def _with_health(client: ServiceClient, status: ServiceStatus) -> ServiceStatus:
    answer = client.health(status.name, status.release)
    if answer.error:
        starting = status.state is ServiceState.STARTING
        state = ServiceState.STARTING if starting else ServiceState.UNKNOWN
        return status.model_copy(update={"state": state, "detail": answer.error})
    said = answer.value("status")
    detail = status.detail if status.detail == WITHOUT_SUPERVISOR else str(said)
    state = ServiceState.HEALTHY if answer.ok and said == "healthy" else ServiceState.DEGRADED
    return status.model_copy(
        update={"state": state, "health_ms": round(answer.milliseconds, 1), "detail": detail}
    )


def _breakers(answer: Answer) -> dict[str, str] | None:
    clients = answer.value("api_clients")
    if not isinstance(clients, dict):
        return None
    return {name: str(entry["circuit_breaker"]["state"]) for name, entry in clients.items()}


def _with_database(target: Target, status: StackStatus) -> StackStatus:
    """Add what only the database knows; without one these stay unknown."""
    address = target.musicdb()
    try:
        return status.model_copy(
            update={
                "schema_revision": medallion_runner(target).current_revision()[:3] or NO_SCHEMA,
                "waterfall_version": medallion.active_waterfall_version(address),
                "layers": medallion.layer_counts(address),
                "throughput": medallion.throughput(address),
                "lock": DeploymentLock(target.operations_database()).holder(),
            }
        )
    except OperatorError:
        return status  # the database is not there; the services' states say so already


def _is_up(services: Sequence[ServiceStatus], name: str) -> bool:
    return any(s.name == name and s.state in (ServiceState.HEALTHY, ServiceState.DEGRADED) for s in services)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None

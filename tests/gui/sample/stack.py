"""A sample stack: environments, status in several states, the end-to-end test."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.contracts.enrichment import EndToEndResult, EnrichRequest, LayerRows
from backend.contracts.environment import (
    DLQ_MANAGER,
    ENRICHMENT,
    GATEWAY,
    POSTGRES,
    PROVIDERS,
    Environment,
    Ports,
    Tier,
)
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.contracts.stack import LayerCounts, LockHolder, ServiceState, ServiceStatus, StackStatus
from backend.deployment.attention import meter_findings
from controllers.clock import Clock

SANDBOX = Environment(name="sandbox")
STAGING = Environment(
    name="staging",
    tier=Tier.STAGING,
    ports=Ports(gateway=9022, enrichment=9020, dlq_manager=9021, postgres=9433, simulator=9030),
)
PRODUCTION = Environment(
    name="production",
    tier=Tier.PRODUCTION,
    ports=Ports(gateway=7022, enrichment=7020, dlq_manager=7021, postgres=7433, simulator=7030),
)


def healthy(now: datetime, environment: str = "sandbox") -> StackStatus:
    """A stack that has been running for two days and enriches tracks."""
    return StackStatus(
        environment=environment,
        measured_at=now,
        deployed=True,
        release="2026.11.23-3",
        schema_revision="005",
        waterfall_version="7",
        services=_services(now, ServiceState.HEALTHY),
        breakers=dict.fromkeys(PROVIDERS, "closed"),
        dead_letters=0,
        layers=LayerCounts(bronze=18204, silver=18041, gold=17080),
        throughput=_throughput(now),
    )


def troubled(now: datetime, environment: str = "sandbox") -> StackStatus:
    """The same stack with a half-open breaker, dead letters and a crashed service."""
    status = healthy(now, environment)
    return status.model_copy(
        update={
            "services": _services(now, ServiceState.CRASHED),
            "breakers": {**(status.breakers or {}), "discogs": "half_open"},
            "dead_letters": 214,
            "problems": _problems(),
            "lock": LockHolder(
                operator="deploy",
                host="workstation",
                run="20261123-143102-deploy",
                reason="enrichment upgrade",
                since=now - timedelta(minutes=11),
            ),
        }
    )


def losing(now: datetime, environment: str = "sandbox") -> StackStatus:
    """A stack whose dead letters do not add up, with what the real status says of that."""
    status = healthy(now, environment).model_copy(update={"dead_letters": 214, "letters_missing": 2})
    return status.model_copy(update={"problems": tuple(meter_findings(status))})


def nothing_deployed(now: datetime, environment: str = "sandbox") -> StackStatus:
    """A first start."""
    return StackStatus(environment=environment, measured_at=now, deployed=False)


def broken_profile(now: datetime, environment: str = "sandbox") -> StackStatus:
    """A first start beside a profile that cannot be read."""
    finding = Finding(
        key="profile-staging",
        title="The profile staging cannot be read",
        state=CriterionState.FAILED,
        evidence="config/environments/staging.toml, line 2: a value is missing.",
        remedy="Mend the file; it is read again with F5.",
    )
    return nothing_deployed(now, environment).model_copy(update={"problems": (finding,)})


def findings() -> tuple[Finding, ...]:
    """A health check of the healthy stack."""
    met = CriterionState.MET
    return (
        Finding(key="postgres", title="PostgreSQL answers", state=met, evidence="18.0 · 3 ms"),
        Finding(key="gateway", title="api-gateway-internal is healthy", state=met, evidence="200 in 18 ms"),
        Finding(key="enrichment", title="metadata-enrichment is healthy", state=met, evidence="200 in 31 ms"),
        Finding(key="dlq", title="dlq-manager is healthy", state=met, evidence="200 in 12 ms"),
        Finding(key="breakers", title="No circuit breaker is open", state=met, evidence="4 closed"),
        Finding(
            key="prometheus",
            title="Prometheus scrapes all targets",
            state=CriterionState.NOT_APPLICABLE,
            evidence="not part of this environment",
            critical=False,
        ),
    )


class SampleStack:
    """The stack port over one status that tests and pictures may replace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current = nothing_deployed
        self.error: OperatorError | None = None
        self.calls: list[str] = []

    def environments(self) -> Sequence[Environment]:
        """Three tiers."""
        return (SANDBOX, STAGING, PRODUCTION)

    def status(self, environment: str) -> StackStatus:
        """The status set, or the error set."""
        if self.error is not None:
            raise self.error
        return self.current(self._clock(), environment)

    def health(self, environment: str) -> Sequence[Finding]:
        """A health check."""
        self.calls.append(f"health {environment}")
        return findings()

    def up(self, environment: str) -> None:
        """Start."""
        self.calls.append(f"up {environment}")

    def down(self, environment: str) -> None:
        """Stop."""
        self.calls.append(f"down {environment}")

    def end_to_end(self, environment: str, request: EnrichRequest) -> EndToEndResult:
        """One track through the layers."""
        self.calls.append(f"end_to_end {environment} {request.track_id}")
        return sample_result(request, self._clock())


def sample_result(request: EnrichRequest, now: datetime) -> EndToEndResult:
    """What the end-to-end test brings for Strobe."""
    metadata = {"isrc": "GBTDG0900141", "bpm": 128.0, "label": "mau5trap", "release_date": "2009-09-22"}
    request_id = "0d5f4f0c-6c1e-4c83-9a3e-3b52f1b3c0aa"
    stamp = now.isoformat(timespec="seconds")
    return EndToEndResult(
        request=request,
        http_status=200,
        response={
            "track_id": request.track_id,
            "status": "completed",
            "request_id": request_id,
            "sources_used": ["musicbrainz", "spotify", "deezer"],
            "metadata_acquired": metadata,
            "errors": [],
            "duration_seconds": 0.412,
            "cached": False,
        },
        milliseconds=431.0,
        rows=LayerRows(
            track_id=request.track_id,
            bronze=[
                {
                    "id": request_id,
                    "track_id": request.track_id,
                    "artist_name": request.artist_name,
                    "track_title": request.track_title,
                    "received_at": stamp,
                }
            ],
            silver=[
                {"request_id": request_id, "status": "completed", "sources": 3, "errors": 0, "at": stamp}
            ],
            gold=[{"track_id": request.track_id, **metadata, "quality": 0.94}],
        ),
    )


def _services(now: datetime, enrichment: ServiceState) -> tuple[ServiceStatus, ...]:
    names = (
        (POSTGRES, 5433, 3.0),
        (GATEWAY, 8022, 18.0),
        (ENRICHMENT, 8020, 31.0),
        (DLQ_MANAGER, 8021, 12.0),
    )
    return tuple(
        ServiceStatus(
            name=name,
            state=enrichment if name == ENRICHMENT else ServiceState.HEALTHY,
            release="2026.11.23-3",
            address=f"127.0.0.1:{port}",
            process_id=4700 + place,
            started_at=now - timedelta(days=2),
            health_ms=None if name == ENRICHMENT and enrichment is ServiceState.CRASHED else milliseconds,
        )
        for place, (name, port, milliseconds) in enumerate(names)
    )


def _throughput(now: datetime) -> tuple[tuple[datetime, int, int], ...]:
    begin = now.replace(second=0, microsecond=0) - timedelta(minutes=59)
    return tuple(
        (
            begin + timedelta(minutes=minute),
            int(42 + 6 * math.sin(minute * 1.7) + 4 * math.sin(minute * 0.6))
            - (18 if 30 < minute < 38 else 0),
            int(3 + 2 * math.sin(minute * 2.3)) + (16 if 31 < minute < 37 else 0),
        )
        for minute in range(60)
    )


def _problems() -> tuple[Finding, ...]:
    return (
        Finding(
            key="service-metadata-enrichment",
            title="metadata-enrichment crashed",
            state=CriterionState.FAILED,
            evidence="It ended 40 s ago with exit code 1 and was restarted 3 times.",
            remedy="Read its log, then start the stack again or roll back.",
        ),
        Finding(
            key="dead-letters",
            title="214 dead letters, 201 with one cause",
            state=CriterionState.WARNING,
            evidence="discogs answered 503 while its breaker was open.",
            remedy="They are kept and can be retried once discogs answers.",
        ),
        Finding(
            key="breaker-discogs",
            title="The breaker of discogs is half-open",
            state=CriterionState.WARNING,
            evidence="It probes again in 12 s.",
            remedy="Nothing has to be done: it closes after 3 good probes.",
        ),
        Finding(
            key="backup-age",
            title="The last backup is 26 h old",
            state=CriterionState.WARNING,
            evidence="Last verified restore 3 d ago.",
            remedy="The next deployment makes a new one.",
        ),
    )

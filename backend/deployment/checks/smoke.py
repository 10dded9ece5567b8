"""The playbook's smoke tests: ten questions that a working stack answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from backend.clients.services import Answer, ServiceClient
from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.database import medallion
from backend.deployment.checks import finding
from backend.deployment.checks.health import check_breakers, check_service, releases
from backend.targets.port import Target

TABLES = {
    "Bronze": ("raw_track_enrichment_requests", "raw_api_responses", "raw_circuit_breaker_events"),
    "Silver": ("enrichment_requests", "api_responses", "circuit_breaker_state"),
    "Gold": ("enriched_tracks", "api_performance_metrics", "enrichment_quality_scores"),
}
"""The tables of the three layers that the playbook's scripts require."""


@dataclass(frozen=True)
class SmokeTest:
    """One test: its key, what it asks, and how."""

    key: str
    title: str
    run: Callable[[Target, ServiceClient], Finding]


def tests() -> Sequence[SmokeTest]:
    """The ten tests, in the playbook's order."""
    return (
        SmokeTest("gateway-health", "API gateway is healthy", lambda t, c: _health(t, c, GATEWAY)),
        SmokeTest("gateway-search", "API gateway searches", _search),
        SmokeTest("breakers", "No circuit breaker open", lambda _t, c: _breakers(c)),
        SmokeTest(
            "enrichment-health", "Metadata enrichment is healthy", lambda t, c: _health(t, c, ENRICHMENT)
        ),
        SmokeTest("enrichment-config", "Waterfall configuration is loaded", _configuration),
        SmokeTest("enrich", "A track goes through Bronze, Silver and Gold", _enrich),
        SmokeTest("dlq-health", "DLQ manager is healthy", lambda t, c: _health(t, c, DLQ_MANAGER)),
        SmokeTest("dlq-stats", "DLQ statistics are counted", _dead_letters),
        SmokeTest("medallion-tables", "Tables of the three layers exist", lambda t, _c: _tables(t)),
        SmokeTest("waterfall-seeded", "Waterfall configuration is seeded", lambda t, _c: _seeded(t)),
    )


def run(target: Target, client: ServiceClient) -> Iterator[Finding]:
    """Run all tests, one after the other."""
    for test in tests():
        try:
            found = test.run(target, client)
        except OperatorError as error:
            found = finding(test.key, test.title, False, error.message, error.remedy)
        yield found.model_copy(update={"key": test.key, "title": test.title})


def _health(target: Target, client: ServiceClient, service: str) -> Finding:
    return check_service(client, service, releases(target).get(service, ""))


def _breakers(client: ServiceClient) -> Finding:
    """An open breaker is the provider's trouble, not the deployment's: a warning (the playbook skips it)."""
    found = check_breakers(client)
    if found.state is CriterionState.FAILED:
        return found.model_copy(update={"state": CriterionState.WARNING, "critical": False})
    return found


def _search(_target: Target, client: ServiceClient) -> Finding:
    answer = client.search("spotify", "Test", "Test")
    status = answer.value("status")
    return finding("", "", status in ("success", "partial"), _said(answer), "Read the gateway's log.")


def _configuration(_target: Target, client: ServiceClient) -> Finding:
    answer = client.waterfall()
    sources = answer.value("waterfall_sources")
    names = ", ".join(sources) if isinstance(sources, dict) else ""
    return finding(
        "",
        "",
        bool(names),
        names or _said(answer),
        "Run ./scripts/migrate_database.sh: it seeds the sources.",
    )


def _enrich(target: Target, client: ServiceClient) -> Finding:
    request = EnrichRequest(
        track_id="smoke-test-001", artist_name="Deadmau5", track_title="Strobe", force_refresh=True
    )
    passed, evidence = send_through(target, client, request)
    return finding("", "", passed, evidence, "Read the log of metadata-enrichment.")


def send_through(target: Target, client: ServiceClient, request: EnrichRequest) -> tuple[bool, str]:
    """Enrich a track; whether this very request is in all three layers, and what was seen.

    Rows of former requests for the same track do not count: they are told apart by the request's id.
    """
    answer = client.enrich(request)
    if answer.value("status") not in ("completed", "partial", "cached"):
        return False, _said(answer)
    rows = medallion.rows_of_track(target.musicdb(), request.track_id)
    own = str(answer.value("request_id"))
    silver = [row for row in rows.silver if row["id"] == own]
    raw = {row["raw_request_id"] for row in silver}
    counts = {
        "bronze": sum(row["id"] in raw for row in rows.bronze),
        "silver": len(silver),
        "gold": sum(row["request_id"] == own for row in rows.gold),
    }
    evidence = f"{answer.value('status')}; this request's rows: "
    return all(counts.values()), evidence + ", ".join(f"{k} {v}" for k, v in counts.items())


def _dead_letters(_target: Target, client: ServiceClient) -> Finding:
    answer = client.dead_letter_stats()
    pending = answer.value("total_pending")
    counted = isinstance(pending, int)
    evidence = f"{pending} pending" if counted else _said(answer)
    return finding("", "", counted, evidence, "Read the log of dlq-manager.", critical=False)


def _tables(target: Target) -> Finding:
    present = medallion.table_names(target.musicdb())
    missing = [name for names in TABLES.values() for name in names if name not in present]
    evidence = f"missing: {', '.join(missing)}" if missing else "3 + 3 + 3 tables"
    return finding("", "", not missing, evidence, "Run ./scripts/migrate_database.sh.")


def _seeded(target: Target) -> Finding:
    rows = medallion.enabled_sources(target.musicdb())
    return finding("", "", rows > 0, f"{rows} enabled sources", "Run ./scripts/migrate_database.sh.")


def _said(answer: Answer) -> str:
    detail = answer.value("detail") or answer.value("status") or ""
    return f"{answer.sentence()} {detail}".strip()

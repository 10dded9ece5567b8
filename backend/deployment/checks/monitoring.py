"""Step 9: whether the stack is being watched."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.clients.services import ServiceClient
from backend.contracts.environment import SERVICES, Environment
from backend.contracts.runs import CriterionState, Finding
from backend.deployment.checks import finding
from backend.http import httpx

_TIMEOUT = 5.0


def check(environment: Environment, client: ServiceClient) -> Iterator[Finding]:
    """Metrics of each service, then Prometheus and Grafana where the environment has them."""
    for service in SERVICES:
        answer = client.get(service, "/metrics")
        lines = [line for line in str(answer.body or "").splitlines() if line and not line.startswith("#")]
        yield finding(
            f"metrics-{service}",
            f"{service} exports metrics",
            answer.ok and bool(lines),
            f"{len(lines)} series" if answer.ok else answer.sentence(),
            f"Read the log of {service}.",
        )
    yield _prometheus(environment.prometheus)
    yield _grafana(environment.grafana)


def _prometheus(url: str | None) -> Finding:
    title = "Prometheus scrapes every target"
    if url is None:
        return _not_here("prometheus", title, "no Prometheus in this environment")
    content, error = _get(f"{url}/api/v1/targets")
    if content is None:
        return finding("prometheus", title, False, error, f"Check that Prometheus runs on {url}.")
    targets = content.get("data", {}).get("activeTargets", [])
    down = [t.get("labels", {}).get("job", "?") for t in targets if t.get("health") != "up"]
    evidence = f"down: {', '.join(down)}" if down else f"{len(targets)} of {len(targets)} up"
    return finding(
        "prometheus", title, bool(targets) and not down, evidence, "Check the scrape configuration."
    )


def _grafana(url: str | None) -> Finding:
    title = "Grafana is healthy"
    if url is None:
        return _not_here("grafana", title, "no Grafana in this environment")
    content, error = _get(f"{url}/api/health")
    if content is None:
        return finding("grafana", title, False, error, f"Check that Grafana runs on {url}.")
    database = content.get("database")
    return finding("grafana", title, database == "ok", f"database {database}", "Read Grafana's log.")


def _get(url: str) -> tuple[Mapping[str, Any] | None, str]:
    try:
        response = httpx.get(url, timeout=_TIMEOUT, trust_env=False)
        response.raise_for_status()
        content = response.json()
    except (httpx.HTTPError, ValueError) as error:
        return None, f"{url}: {error}"
    return (content, "") if isinstance(content, dict) else (None, f"{url}: not the answer expected")


def _not_here(key: str, title: str, evidence: str) -> Finding:
    return Finding(
        key=key, title=title, state=CriterionState.NOT_APPLICABLE, evidence=evidence, critical=False
    )

"""The playbook's lines, as they are written, against the stack of docker-compose.yml."""

import json
import re
from functools import partial

import pytest

from backend.contracts.environment import SERVICES
from backend.http import httpx
from tests.docker.stack import STARTED, ComposeStack
from tests.fixtures.docker_stand_ins import ROOT
from tests.waiting import wait_until

_PSQL = ("postgres", "psql", "-U", "musicdb_user", "-d", "musicdb", "-c")
_METRIC = re.compile(r"\b(?:api_gateway|dlq|enrichment|tracks|api_calls|api_response)_\w+")


def test_without_tables_the_services_say_what_is_missing(first_health: dict[str, str]) -> None:
    assert "migrat" in first_health["ENRICHMENT"]
    assert "migrat" in first_health["DLQ_MANAGER"]


def test_every_container_becomes_healthy(running_stack: ComposeStack) -> None:
    for name in set(STARTED) - {"enrichment-worker"}:
        wait_until(partial(_is_healthy, running_stack, name), 90)
    workers = running_stack.compose("ps", "--quiet", "enrichment-worker").split()
    assert len(workers) == 2
    for worker in workers:
        wait_until(partial(_is_healthy, running_stack, worker), 90)


def _is_healthy(stack: ComposeStack, container: str) -> bool:
    return stack.health(container) == "healthy"


def test_psql(running_stack: ComposeStack) -> None:
    applied = running_stack.execute(
        *_PSQL, "SELECT * FROM schema_migrations ORDER BY applied_at DESC LIMIT 10;"
    )
    assert "rows)" in applied
    assert "raw_track_enrichment_requests" in running_stack.execute(*_PSQL, r"\dt raw_*")
    assert "1 row" in running_stack.execute(*_PSQL, "SELECT count(*) FROM pg_stat_activity;")


def test_pg_dump(running_stack: ComposeStack) -> None:
    dump = running_stack.execute(
        "postgres", "pg_dump", "-U", "musicdb_user", "-d", "musicdb", "--clean", "--if-exists"
    )
    assert "PostgreSQL database dump complete" in dump


@pytest.mark.parametrize("host", ["postgres", "redis"])
def test_ping(running_stack: ComposeStack, host: str) -> None:
    answer = running_stack.execute("api-gateway-internal", "ping", "-c", "3", "-i", "0.2", host)
    assert "3 packets transmitted, 3 received" in answer


def test_redis_tells_its_memory_to_anybody_and_its_data_to_nobody(running_stack: ComposeStack) -> None:
    assert "used_memory_human" in running_stack.execute("redis", "redis-cli", "info", "memory")
    for words in (("keys", "*"), ("set", "a", "b"), ("config", "get", "*"), ("acl", "list")):
        assert "NOPERM" in running_stack.execute("redis", "redis-cli", *words)


def test_the_gateway_is_connected_to_redis(running_stack: ComposeStack) -> None:
    assert (
        int(re.findall(r"connected_clients:(\d+)", running_stack.execute("redis", "redis-cli", "info"))[0])
        > 1
    )


def test_rabbitmq_lists_the_queues(running_stack: ComposeStack) -> None:
    assert "enrich" in running_stack.execute("rabbitmq", "rabbitmqctl", "list_queues")


def test_health_has_the_fields_of_the_playbook(running_stack: ComposeStack) -> None:
    for name in ("GATEWAY", "DLQ_MANAGER", "ENRICHMENT"):
        answer = running_stack.get(name, "/health").json()
        assert answer["status"] == "healthy", answer
    breakers = running_stack.get("GATEWAY", "/health").json()["api_clients"]
    assert {one["circuit_breaker"]["state"] for one in breakers.values()} == {"closed"}
    assert "total_pending" in running_stack.get("DLQ_MANAGER", "/dlq/stats").json()
    assert running_stack.get("ENRICHMENT", "/admin/config").json()["waterfall_sources"]


def test_a_track_goes_through_all_three_layers(running_stack: ComposeStack) -> None:
    body = {"track_id": "test-e2e-001", "artist_name": "Deadmau5", "track_title": "Strobe"}
    answer = httpx.post(running_stack.url("ENRICHMENT", "/enrich"), json=body, timeout=60)
    assert answer.json()["status"] in {"completed", "partial"}, answer.text
    for table in ("raw_track_enrichment_requests", "enrichment_requests", "enriched_tracks"):
        rows = running_stack.execute(*_PSQL, f"SELECT track_id FROM {table} WHERE track_id = 'test-e2e-001';")
        assert "test-e2e-001" in rows, table


def test_both_workers_take_from_the_queue(running_stack: ComposeStack) -> None:
    def consumers() -> int:
        listed = running_stack.execute("rabbitmq", "rabbitmqctl", "-q", "list_queues", "name", "consumers")
        return max(int(line.split()[1]) for line in listed.splitlines()[1:])

    wait_until(lambda: consumers() >= 2, 60)


def test_compose_logs_and_ps(running_stack: ComposeStack) -> None:
    for service in SERVICES:
        assert "listening" in running_stack.compose("logs", service)
        assert service in running_stack.compose("ps", service)


def test_enrichment_is_made_anew_and_nothing_else_is(running_stack: ComposeStack) -> None:
    def identities() -> dict[str, str]:
        return {name: str(running_stack.inspect(name)["Id"]) for name in ("postgres", "metadata-enrichment")}

    before = identities()
    running_stack.compose("up", "-d", "--no-build", "--force-recreate", "metadata-enrichment")
    after = identities()
    assert after["metadata-enrichment"] != before["metadata-enrichment"]
    assert after["postgres"] == before["postgres"]
    wait_until(partial(_is_healthy, running_stack, "metadata-enrichment"), 90)


@pytest.mark.parametrize("service", [*SERVICES, "provider-simulator"])
def test_a_service_may_do_little(running_stack: ComposeStack, service: str) -> None:
    limits = running_stack.inspect(service)["HostConfig"]
    assert limits["ReadonlyRootfs"] is True
    assert limits["CapDrop"] == ["ALL"]
    assert not limits["CapAdd"]
    assert running_stack.execute(service, "id", "-u").strip() == "10001"


def test_no_secret_shows_in_docker_inspect(running_stack: ComposeStack) -> None:
    shown = "".join(json.dumps(running_stack.inspect(name)) for name in set(STARTED) - {"enrichment-worker"})
    for name in ("admin_token", "database_password", "redis_password", "rabbitmq_password"):
        assert running_stack.secret(name) not in shown


def test_prometheus_scrapes_everything(running_stack: ComposeStack) -> None:
    def down() -> set[str]:
        targets = running_stack.get("PROMETHEUS", "/api/v1/targets").json()["data"]["activeTargets"]
        up = [one["labels"]["job"] for one in targets if one["health"] == "up"]
        missing = {*SERVICES, "enrichment-worker", "prometheus", "alertmanager"} - set(up)
        return missing if up.count("enrichment-worker") == 2 else {*missing, "second worker"}

    wait_until(lambda: not down(), 90)


def test_the_monitoring_files_are_valid(running_stack: ComposeStack) -> None:
    running_stack.execute("prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    running_stack.execute("alertmanager", "amtool", "check-config", "/etc/alertmanager/alertmanager.yml")
    rules = running_stack.get("PROMETHEUS", "/api/v1/rules").json()["data"]["groups"]
    assert sum(len(group["rules"]) for group in rules) == 10
    assert {rule["health"] for group in rules for rule in group["rules"]} <= {"ok", "unknown"}


def test_alerts_and_dashboards_use_only_what_the_services_export(running_stack: ComposeStack) -> None:
    text = "".join(
        running_stack.get(name, "/metrics").text for name in ("GATEWAY", "DLQ_MANAGER", "ENRICHMENT")
    )
    exported = set(re.findall(r"^# TYPE (\w+) ", text, re.M))
    boards = [json.loads(file.read_text()) for file in (ROOT / "resources/grafana/dashboards").glob("*.json")]
    assert {board["title"] for board in boards} == {"API Gateway", "DLQ Monitoring", "Enrichment"}
    asked = [t["expr"] for board in boards for panel in board["panels"] for t in panel["targets"]]
    asked += re.findall(
        r"expr: (?:>-\n)?((?:.|\n)*?)\n        \w+:",
        (ROOT / "resources/prometheus/rules/songnodes.yml").read_text(),
    )
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for one in asked for name in _METRIC.findall(one)}
    assert names - exported == set()
    for one in asked:
        answer = httpx.get(
            running_stack.url("PROMETHEUS", "/api/v1/query"), params={"query": one}, timeout=10
        )
        assert answer.json()["status"] == "success", one

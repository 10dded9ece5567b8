"""The metrics route."""

from fastapi import FastAPI
from prometheus_client import Counter

from backend.http import httpx
from backend.services.common.metrics import metrics_route, new_registry


async def test_metrics_come_without_a_redirect_and_from_this_registry_only() -> None:
    registry, other = new_registry(), new_registry()
    Counter("mine", "Mine.", registry=registry).inc()
    Counter("others", "Others'.", registry=other).inc()
    app = FastAPI(routes=[metrics_route(registry)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "mine_total 1.0" in answer.text
    assert "others" not in answer.text
    assert "process_resident_memory_bytes" in answer.text

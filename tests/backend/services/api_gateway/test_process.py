"""The gateway as a process of its own: start, logs, end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from backend.contracts.environment import PROVIDERS
from backend.http import httpx
from tests.fixtures.postgres import free_port

SENTINELS = {
    "admin_token": "sentinel-admin-token",
    "database_password": "sentinel-database-password",
    "spotify_client_secret": "sentinel-spotify-secret",
    "spotify_client_id": "sentinel-spotify-id",
    "discogs_token": "sentinel-discogs-token",
    "lastfm_api_key": "sentinel-lastfm-key",
    "beatport_client_id": "sentinel-beatport-id",
    "beatport_client_secret": "sentinel-beatport-secret",
}
LIVE = ("lastfm", "beatport")
"""Called with their sentinels, through a proxy that is not there."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """The gateway with neither database nor simulator, as it is when it is first in the world."""
    for name, value in SENTINELS.items():
        (tmp_path / name).write_text(value)
    port, log = free_port(), tmp_path / "log"
    environment = {
        **os.environ,
        "SONGNODES_PORT": str(port),
        "SONGNODES_DATABASE_PORT": str(free_port()),
        "SONGNODES_SIMULATOR_URL": f"http://127.0.0.1:{free_port()}",
        "SONGNODES_SIMULATED_PROVIDERS": ",".join(set(PROVIDERS) - set(LIVE)),
        "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}",
        "https_proxy": f"http://127.0.0.1:{free_port()}",
        "SONGNODES_SECRETS_DIR": str(tmp_path),
        "SONGNODES_LOG_LEVEL": "DEBUG",
    }
    command = [sys.executable, "-m", "backend.services.api_gateway"]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield process, f"http://127.0.0.1:{port}", log
    finally:
        process.kill()
        process.wait()


def first_health(process: subprocess.Popen[bytes], url: str, log: Path) -> httpx.Response:
    deadline = monotonic() + 30
    while True:
        try:
            return httpx.get(f"{url}/health", timeout=10)
        except httpx.ConnectError:
            assert process.poll() is None, log.read_text()
            assert monotonic() < deadline, log.read_text()


def test_starts_without_anybody_says_degraded_ends_in_order_and_keeps_its_secrets(
    started: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    process, url, log = started
    health = first_health(process, url, log)
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert "no connection" in health.json()["connections"]["database"]
    search = httpx.post(f"{url}/api/deezer/search", content='{"artist":"a","title":"b"}', timeout=20)
    assert (search.status_code, search.json()["detail"]) == (502, "the provider could not be reached")
    said = [health.text, search.text]
    for name in LIVE:
        live = httpx.post(f"{url}/api/{name}/search", content='{"artist":"a","title":"b"}', timeout=20)
        assert (live.status_code, live.json()["detail"]) == (502, "the provider could not be reached")
        said.append(live.text)
    said.append(httpx.get(f"{url}/metrics").text)
    httpx.post(f"{url}/admin/circuit-breakers/deezer/reset", headers={"Authorization": "Bearer guess"})
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["service"] for line in lines} == {"api-gateway-internal"}
    assert any(line["event"] == "provider_call" for line in lines)
    for sentinel in SENTINELS.values():
        assert sentinel not in text + "".join(said)

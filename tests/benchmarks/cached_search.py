"""Cached searches through the gateway beside nginx and a bare ASGI application that serve the same bytes.

Limits: at most 3 times nginx's CPU a request, median at most 2 ms at 32 connections.
"""

import sys
import tempfile
from pathlib import Path

from backend.http import httpx
from tests.benchmarks.load import Load, run_load
from tests.benchmarks.processes import (
    Server,
    gateway_databases,
    gateway_environment,
    nginx_server,
    python_server,
    require,
)

KEYS = 100
CONNECTIONS = 32
SECONDS = 1
ROUNDS = 9
"""Short and many: the least CPU of a server is what it needs when nobody else disturbs it."""
LIMIT_RATIO = 3.0
LIMIT_P50_MS = 2.0
_PATH = "/api/deezer/search"


def warm(gateway: Server) -> tuple[list[str], list[bytes]]:
    """Ask for every key twice; the bodies asked with, and the bytes of the cached answers."""
    bodies = [f'{{"artist_name":"deadmau5","track_title":"Strobe {key}"}}' for key in range(KEYS)]
    answers = []
    for body in bodies:
        httpx.post(gateway.url + _PATH, content=body).raise_for_status()
        answer = httpx.post(gateway.url + _PATH, content=body)
        assert answer.json()["cached"], answer.text
        answers.append(answer.content)
    return bodies, answers


def upstream_calls(upstream: Server) -> int:
    """How often the provider was asked so far."""
    return int(httpx.get(f"{upstream.url}/count").text)


def measure(folder: Path) -> dict[str, list[Load]]:
    """Rounds of load on each server, in turn."""
    served = folder / "served"
    served.mkdir()
    with gateway_databases(folder) as database, python_server(folder, "upstream") as upstream:
        environment = gateway_environment(upstream, database, None)
        with python_server(folder, "gateway", **environment) as gateway:
            bodies, answers = warm(gateway)
            body = folder / "body"
            body.write_bytes(answers[0])
            files = {str(key): answer for key, answer in enumerate(answers)}
            asked = upstream_calls(upstream)
            with (
                nginx_server(served, files) as nginx,
                python_server(folder, "bare", BARE_BODY=str(body)) as bare,
            ):
                plans = {
                    "nginx": (nginx, [f"/{key}" for key in files]),
                    "bare ASGI": (bare, ["/"] * KEYS),
                    "gateway": (gateway, [_PATH] * KEYS),
                }
                results: dict[str, list[Load]] = {name: [] for name in plans}
                for _ in range(ROUNDS):
                    for name, (server, paths) in plans.items():
                        results[name].append(run_load(server, folder, paths, bodies, CONNECTIONS, SECONDS))
            assert upstream_calls(upstream) == asked, "the provider was asked during the load"
    sys.stdout.write(f"{KEYS} warm keys, answers of {len(answers[0])} bytes, {CONNECTIONS} connections\n")
    return results


def main() -> None:
    """Measure and print."""
    require("nginx", "wrk")
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder))
    reference = min(load.cpu for load in results["nginx"])
    for name, loads in results.items():
        best = min(loads, key=lambda load: load.cpu)
        failed = sum(load.failed for load in loads)
        sys.stdout.write(
            f"{name}: {best.cpu * 1000:.1f} us CPU a request, {best.cpu / reference:.2f} x nginx; "
            f"p50 {best.p50:.2f} ms, p99 {best.p99:.2f} ms, {best.per_second:.0f}/s, {failed} failed\n"
        )
    own = min(results["gateway"], key=lambda load: load.cpu)
    sys.stdout.write(
        f"limit {LIMIT_RATIO:.0f} x nginx: ratio {own.cpu / reference / LIMIT_RATIO:.2f}; "
        f"limit p50 {LIMIT_P50_MS:.0f} ms: ratio {own.p50 / LIMIT_P50_MS:.2f}\n"
    )


if __name__ == "__main__":
    main()

"""A hundred identical searches at once that no cache answers: how many calls reach the provider.

Limit: 1, over one gateway and over two with Redis. The reference makes as many as its pool of threads allows.
A second call is seen when the machine is so busy that Redis does not answer within its quarter of a second.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from backend.http import httpx
from tests.benchmarks.cached_search import upstream_calls
from tests.benchmarks.processes import Server, gateway_databases, gateway_environment, python_server, require
from tests.fixtures.redis_server import running_redis

ASKERS = 100
ROUNDS = 5


async def ask_together(gateways: Sequence[Server], title: str) -> None:
    """All askers at once, spread over the gateways."""
    limits = httpx.Limits(max_connections=ASKERS)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        body = f'{{"artist_name":"deadmau5","track_title":"{title}"}}'
        answers = await asyncio.gather(
            *(
                client.post(f"{gateways[n % len(gateways)].url}/api/deezer/search", content=body)
                for n in range(ASKERS)
            )
        )
    assert {answer.json()["status"] for answer in answers} == {"success"}


def count(gateways: Sequence[Server], upstream: Server, name: str) -> list[int]:
    """Calls that reached the provider, for each round."""
    counts = []
    for number in range(ROUNDS):
        before = upstream_calls(upstream)
        asyncio.run(ask_together(gateways, f"{name} {number}"))
        counts.append(upstream_calls(upstream) - before)
    return counts


def main() -> None:
    """Measure and print."""
    require("redis-server")
    with (
        tempfile.TemporaryDirectory() as name,
        gateway_databases(Path(name)) as database,
        running_redis(Path(name)) as redis,
        python_server(Path(name), "upstream") as upstream,
    ):
        folder = Path(name)
        with python_server(folder, "gateway", **gateway_environment(upstream, database, None)) as alone:
            show("one gateway", count([alone], upstream, "alone"))
        environment = gateway_environment(upstream, database, redis.url)
        with (
            python_server(folder, "gateway", **environment) as one,
            python_server(folder, "gateway", **environment) as two,
        ):
            show("two gateways with Redis", count([one, two], upstream, "together"))


def show(name: str, counts: Sequence[int]) -> None:
    """The calls of each round, and the median beside the limit."""
    rounds = ", ".join(map(str, counts))
    sys.stdout.write(
        f"{name}: {ASKERS} askers, calls by round {rounds}; limit 1, ratio {statistics.median(counts):.2f}\n"
    )


if __name__ == "__main__":
    main()

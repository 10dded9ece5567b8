"""What the gateway adds to calls that no cache answers, beside asking the provider directly in the same run.

Limit: 2 ms more at the median with 64 calls in flight, over a provider that takes 150 to 350 ms, as real ones
do. Told beside it: one call at a time, which waits behind none of its own kind, and 64 over a provider that
takes 20 ms. The latter asks for 3200 calls a second: that shows no latency but what one gateway can do at
most, and is printed as such. The provider's own limit is lifted.

Both ways are asked in turn. What is told is the median of the rounds' differences, with the least and the
most: on a machine that others use too, the rounds differ by more than the limit.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from backend.database.address import DatabaseAddress
from tests.benchmarks.load import Load, run_load
from tests.benchmarks.processes import Server, gateway_databases, gateway_environment, python_server, require

ROUNDS = 5
LIMIT_MS = 2.0
_PATH = "/api/deezer/search"
_BODY = '{{"artist_name":"deadmau5","track_title":"Strobe NUMBER {} {} {}"}}'


@dataclass(frozen=True)
class Plan:
    """A way of asking: how long the provider takes, by how many at once, for how long in each round."""

    least_ms: int
    most_ms: int
    connections: int
    seconds: int

    @property
    def provider_ms(self) -> int:
        """How long the provider takes at the median, and on average."""
        return (self.least_ms + self.most_ms) // 2


PLANS = (Plan(150, 350, 64, 4), Plan(20, 20, 1, 4), Plan(20, 20, 64, 2))


Round = tuple[Load, Load]
"""Directly, and through the gateway right after it."""


def measure(folder: Path, database: DatabaseAddress, plan: Plan) -> list[Round]:
    """Directly and through the gateway, in turn, once the connections of both are there."""
    takes = {"UPSTREAM_LEAST_MS": str(plan.least_ms), "UPSTREAM_MOST_MS": str(plan.most_ms)}
    with python_server(folder, "upstream", **takes) as upstream:
        environment = gateway_environment(upstream, database, None)
        with python_server(folder, "gateway", **environment) as gateway:
            rounds = [
                (load(folder, upstream, "/deezer/search", plan, n), load(folder, gateway, _PATH, plan, n))
                for n in range(ROUNDS + 1)
            ]
    return rounds[1:]


def load(folder: Path, server: Server, path: str, plan: Plan, number: int) -> Load:
    """One round; no call of it was ever made before."""
    body = _BODY.format(plan.provider_ms, plan.connections, number)
    return run_load(server, folder, [path], [body], plan.connections, plan.seconds)


def show(plan: Plan, rounds: list[Round]) -> None:
    """Both ways, and the difference: beside the limit, or as what the gateway can do at most."""
    differences = [through.p50 - direct.p50 for direct, through in rounds]
    direct, through = (_middle([one[way] for one in rounds]) for way in (0, 1))
    asked = plan.connections * 1000 / plan.provider_ms
    cpu = median(one.cpu for _, one in rounds)
    sys.stdout.write(
        f"provider of {plan.least_ms} to {plan.most_ms} ms, {plan.connections} in flight: "
        f"p50 {direct.p50:.1f} ms directly, {through.p50:.1f} ms by the gateway, "
        f"p99 {direct.p99:.1f} and {through.p99:.1f} ms\n"
        f"  {through.per_second:.0f} of {asked:.0f} calls/s, {sum(one.failed for _, one in rounds)} failed, "
        f"{cpu:.2f} ms CPU a call; "
    )
    if cpu * asked < 1000:
        added = median(differences)
        sys.stdout.write(
            f"added {added:.1f} ms ({min(differences):.1f} to {max(differences):.1f}), "
            f"limit {LIMIT_MS:.0f} ms, ratio {added / LIMIT_MS:.1f}\n"
        )
    else:
        sys.stdout.write("more than one process can do: saturated\n")


def _middle(loads: list[Load]) -> Load:
    """The round whose median is the middle one."""
    return sorted(loads, key=lambda one: one.p50)[len(loads) // 2]


def main() -> None:
    """Measure and print."""
    require("wrk")
    with tempfile.TemporaryDirectory() as name, gateway_databases(Path(name)) as database:
        for plan in PLANS:
            show(plan, measure(Path(name), database, plan))


if __name__ == "__main__":
    main()

"""What the gateway adds to calls that no cache answers, at 64 connections over a provider that takes 20 ms.

Limit: 2 ms more at the median than asking the provider directly. The provider's own limit is lifted.
"""

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.load import Load, run_load
from tests.benchmarks.processes import Server, gateway_databases, gateway_environment, python_server, require

CONNECTIONS = (1, 16, 64)
SECONDS = 2
ROUNDS = 3
LIMIT_MS = 2.0
_PATH = "/api/deezer/search"
_BODY = '{"artist_name":"deadmau5","track_title":"Strobe NUMBER"}'


def measure(server: Server, folder: Path, connections: int) -> Load:
    """The round with the best median."""
    path = "/deezer/search" if "direct" in folder.name else _PATH
    rounds = [
        run_load(
            server,
            folder,
            [path],
            [f'{_BODY[:-2]} {folder.name} {connections} {number}"}}'],
            connections,
            SECONDS,
        )
        for number in range(ROUNDS)
    ]
    return min(rounds, key=lambda load: load.p50)


def main() -> None:
    """Measure and print."""
    require("wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        direct, through = folder / "direct", folder / "through"
        direct.mkdir()
        through.mkdir()
        with gateway_databases(folder) as database, python_server(folder, "upstream") as upstream:
            environment = gateway_environment(upstream, database, None)
            with python_server(folder, "gateway", **environment) as gateway:
                for connections in CONNECTIONS:
                    show(
                        connections,
                        measure(upstream, direct, connections),
                        measure(gateway, through, connections),
                    )


def show(connections: int, direct: Load, through: Load) -> None:
    """One line: both ways, and the difference beside the limit."""
    added = through.p50 - direct.p50
    lines = (
        f"{connections} connections: p50 {direct.p50:.1f} ms directly, {through.p50:.1f} ms by the gateway",
        f"  p99 {through.p99:.1f} ms, {through.per_second:.0f}/s, {through.cpu:.2f} ms CPU a call, "
        f"{through.failed} failed",
        f"  added {added:.1f} ms, limit {LIMIT_MS:.0f} ms, ratio {added / LIMIT_MS:.1f}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

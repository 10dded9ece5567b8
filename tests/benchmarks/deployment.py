"""The whole deployment on an empty home, everything installed. Limit: 60 s."""

import tempfile
import time
from pathlib import Path

from tests.benchmarks.report import show
from tests.fixtures.sandbox import new_sandbox, tear_down

LIMIT_SECONDS = 60.0
RUNS = 3


def deploy_once(folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of one deployment, and of each of its steps."""
    sandbox = new_sandbox(folder)
    try:
        began = time.perf_counter()
        done = sandbox.command("deploy", "--yes")
        seconds = time.perf_counter() - began
        assert done.returncode == 0, done.stdout + done.stderr
        steps = {
            step.plan.title: (step.finished_at - step.started_at).total_seconds()
            for step in sandbox.newest_run().steps
            if step.finished_at and step.started_at
        }
        return seconds, steps
    finally:
        tear_down(sandbox)


def main() -> None:
    """Deploy several times, each on a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        results = [deploy_once(Path(folder) / f"home{number}") for number in range(RUNS)]
    show("deployment", [seconds for seconds, _ in results], LIMIT_SECONDS)
    for title in results[0][1]:
        show(f"  {title}", [steps[title] for _, steps in results], LIMIT_SECONDS)


if __name__ == "__main__":
    main()

